// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "deck/stretch/stretch_method.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace crowdjack {

/// Where one step of an engine puts its sound: source frame `input` (counted from the first frame fed) becomes output
/// frame `output` (counted from the first frame made).
struct StretchPlace {
    double input{}, output{};
};

/// A stretching library, driven step by step so that it is always known which source frame becomes which output frame.
///
/// One step: ask place(), set_ratio(), then feed() what wanted() asks until available(), then retrieve() all of it.
/// Stereo. One thread. Input must be finite.
class StretchEngine {
public:
    StretchEngine() = default;
    StretchEngine(const StretchEngine&) = delete;
    StretchEngine& operator=(const StretchEngine&) = delete;
    virtual ~StretchEngine() = default;

    /// Output frames after the first that are not yet at full level and settled.
    [[nodiscard]] virtual std::size_t prime_frames() const noexcept = 0;

    /// Source frames that the engine holds beyond the one whose output it makes; the same in output frames at unity.
    [[nodiscard]] virtual double look_ahead() const noexcept = 0;

    /// Where the coming step puts its sound; known before the step, so that the ratio can be chosen for the one after.
    [[nodiscard]] virtual StretchPlace place() const noexcept = 0;

    /// Output ÷ input length from the coming step on, 0.1…10.
    virtual void set_ratio(double ratio) = 0;

    /// What was asked of it may have shifted its sound by some ms: a fresh engine would be in place again.
    [[nodiscard]] virtual bool worn() const { return false; }

    /// Source frames to feed before the step can be made, 1…max_feed().
    [[nodiscard]] virtual std::size_t wanted() const = 0;
    [[nodiscard]] virtual std::size_t max_feed() const noexcept = 0;
    virtual void feed(std::span<const float> left, std::span<const float> right) = 0;

    /// Frames made and not retrieved, 0…max_step().
    [[nodiscard]] virtual std::size_t available() const = 0;
    [[nodiscard]] virtual std::size_t max_step() const noexcept = 0;
    /// @param left,right  available() frames each
    virtual void retrieve(std::span<float> left, std::span<float> right) = 0;
};

/// A fresh engine. Allocates; some ms. @param method  not `rate`
[[nodiscard]] std::unique_ptr<StretchEngine> make_stretch_engine(StretchMethod method, double rate, double ratio);

/// Name and version of the library behind `method`, as it tells itself.
[[nodiscard]] std::string stretch_library(StretchMethod method);

}  // namespace crowdjack
