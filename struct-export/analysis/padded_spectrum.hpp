// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <functional>
#include <span>

namespace crowdjack {

/// The lowest values of the Fourier transform of `signal`, padded with zeros to `size`: as a transform of that size
/// gives them, in a small part of its memory. The values k = q·m + r of one r are a transform of only size/m values: of
/// the signal turned by r, its pieces of that length laid over each other (decimation in frequency).
/// @param size   a power of two, not less than the signal
/// @param count  how many values, from frequency 0 on; at most size / 2
/// @param sink   gets each place once, in no order, and the magnitude there
void padded_spectrum(std::span<const double> signal, std::size_t size, std::size_t count,
                     const std::function<void(std::size_t, double)>& sink);

}  // namespace crowdjack
