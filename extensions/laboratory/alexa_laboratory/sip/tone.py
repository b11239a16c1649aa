# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tones as PCMU (G.711 mu-law, 8 kHz): made, and recognised by ear."""

from __future__ import annotations

import cmath
import functools
import math

RATE = 8000  # samples a second
PACKET = 160  # samples in 20 ms
_FULL_SCALE = 32635
_BIAS = 132
_WINDOW = 1024  # samples listened to: an eighth of a second, 7.8 Hz a bin
_HANN = tuple(0.5 - 0.5 * math.cos(2 * math.pi * place / _WINDOW) for place in range(_WINDOW))
_SILENCE = 0.003  # of full scale
_AMPLITUDE = 0.3


def _encode(sample: float) -> int:
    value = min(abs(int(sample)), _FULL_SCALE) + _BIAS
    exponent = value.bit_length() - 8
    return ~((0x80 if sample < 0 else 0) | exponent << 4 | (value >> exponent + 3) & 0x0F) & 0xFF


def _decode(octet: int) -> float:
    octet = ~octet & 0xFF
    value = ((octet & 0x0F) << 3 | 0x84) << (octet >> 4 & 7)
    return (_BIAS - value if octet & 0x80 else value - _BIAS) / 32768


_DECODED = tuple(_decode(octet) for octet in range(256))


def packets(frequency: float) -> tuple[bytes, ...]:
    """One second of a tone in packets of 20 ms; whole Hz go on without a click when it is repeated."""
    step = 2 * math.pi * frequency / RATE
    octets = bytes(_encode(_AMPLITUDE * 32767 * math.sin(step * place)) for place in range(RATE))
    return tuple(octets[place : place + PACKET] for place in range(0, RATE, PACKET))


def heard(payload: bytes) -> tuple[float | None, float]:
    """What dominates the last eighth of a second, in Hz (None: nothing does), and its level (1 is full scale)."""
    samples = [_DECODED[octet] for octet in payload[-_WINDOW:]]
    if len(samples) < _WINDOW:
        return None, 0.0
    level = math.sqrt(sum(sample * sample for sample in samples) / _WINDOW)
    if level < _SILENCE:
        return None, level
    spectrum = _transform([complex(sample * weight) for sample, weight in zip(samples, _HANN)])
    power = [abs(value) ** 2 for value in spectrum[: _WINDOW // 2]]
    peak = max(range(2, len(power) - 2), key=power.__getitem__)
    if sum(power[peak - 2 : peak + 3]) < 0.5 * sum(power[1:]):
        return None, level
    # Of a tone between two bins, the neighbours' logarithms tell the place (parabola through three points).
    low, middle, high = (math.log(power[place] + 1e-12) for place in (peak - 1, peak, peak + 1))
    place = peak + 0.5 * (low - high) / (low - 2 * middle + high)
    return round(place * RATE / _WINDOW, 1), level


def _transform(values: list[complex]) -> list[complex]:
    """The discrete Fourier transform, for lengths that are powers of two."""
    if len(values) == 1:
        return values
    even, odd = _transform(values[::2]), _transform(values[1::2])
    half = len(even)
    turned = [turn * value for turn, value in zip(_turns(half), odd)]
    return [a + b for a, b in zip(even, turned)] + [a - b for a, b in zip(even, turned)]


@functools.cache
def _turns(half: int) -> list[complex]:
    return [cmath.exp(-1j * math.pi * place / half) for place in range(half)]
