// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/error.hpp"
#include "struct-export/fitters.hpp"

#include <soxr.h>

namespace crowdjack {

namespace {

struct ResamplerDelete {
    void operator()(soxr* resampler) const noexcept { soxr_delete(resampler); }
};

/// Resampling with the SoX resampler at its best: exact, and pitch follows tempo. Its delay is already taken out.
class SoxrFitter : public TempoFitter {
public:
    explicit SoxrFitter(const FitSettings& settings) : channels_{static_cast<std::size_t>(settings.channels)} {
        const soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
        const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_VHQ, 0);
        const soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
        soxr_error_t error = nullptr;
        resampler_.reset(
            soxr_create(settings.speed, 1.0, static_cast<unsigned>(channels_), &error, &io, &quality, &runtime));
        check(error);
    }

    void process(std::span<const float> block, bool last, std::vector<float>& output) override {
        std::size_t taken = 0;
        push(block, taken, output);
        if (last) {
            // nullptr means: no more will come
            while (push({}, taken, output) > 0) {
            }
        }
    }

private:
    std::size_t push(std::span<const float> block, std::size_t& taken, std::vector<float>& output) {
        constexpr std::size_t room = 8192;
        const std::size_t frames = block.size() / channels_;
        std::size_t all_made = 0;
        taken = 0;
        for (;;) {
            const std::size_t old = output.size();
            output.resize(old + room * channels_);
            std::size_t consumed = 0;
            std::size_t made = 0;
            const float* input = frames == 0 ? nullptr : block.data() + taken * channels_;
            check(soxr_process(resampler_.get(), input, frames - taken, &consumed, output.data() + old, room, &made));
            output.resize(old + made * channels_);
            taken += consumed;
            all_made += made;
            if (taken == frames && made < room) {
                return all_made;
            }
        }
    }

    static void check(soxr_error_t error) {
        if (error != nullptr) {
            throw Failure{std::string{"resampler: "} + error};
        }
    }

    std::size_t channels_;
    std::unique_ptr<soxr, ResamplerDelete> resampler_;
};

}  // namespace

std::unique_ptr<TempoFitter> make_soxr_fitter(const FitSettings& settings) {
    return std::make_unique<SoxrFitter>(settings);
}

}  // namespace crowdjack
