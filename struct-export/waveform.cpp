// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/audio_file.hpp"
#include "struct-export/track_plot.hpp"

#include <algorithm>
#include <cmath>

namespace crowdjack {

namespace {

class ColumnMeter {
public:
    void take(float sample) noexcept {
        low_ = std::min(low_, sample);
        high_ = std::max(high_, sample);
        squares_ += static_cast<double>(sample) * static_cast<double>(sample);
        ++count_;
    }
    [[nodiscard]] Waveform::Column column() const noexcept {
        const double mean = count_ > 0 ? squares_ / static_cast<double>(count_) : 0.0;
        return {low_, high_, static_cast<float>(std::sqrt(mean))};
    }

private:
    float low_{}, high_{};
    double squares_{};
    std::size_t count_{};
};

}  // namespace

Waveform read_waveform(const std::filesystem::path& audio, std::size_t columns, const std::atomic<bool>& stop) {
    AudioReader reader{audio};
    const auto channels = static_cast<std::size_t>(reader.channels());
    const auto frames = static_cast<std::size_t>(reader.length().value);
    Waveform waveform;
    waveform.length = to_seconds(reader.length(), reader.rate());
    std::vector<ColumnMeter> meters(columns);
    std::vector<float> block(8192 * channels);
    for (std::size_t at = 0; at < frames; at += 8192) {
        if (stop.load(std::memory_order_relaxed)) {
            throw Interrupted{};
        }
        const std::size_t count = std::min<std::size_t>(8192, frames - at);
        reader.read(std::span{block}.first(count * channels));
        for (std::size_t i = 0; i < count * channels; ++i) {
            meters[(at + i / channels) * columns / frames].take(block[i]);
        }
    }
    for (const ColumnMeter& meter : meters) {
        waveform.columns.push_back(meter.column());
    }
    return waveform;
}

}  // namespace crowdjack
