// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/demo/witness.hpp"

#include "tests/demo/demo_report.hpp"

#include <unistd.h>

#include <exception>
#include <string>

namespace crowdjack::demo {

Witness::Witness(std::uint32_t rate, std::uint32_t period, double seconds) {
    const std::string name = "crowdjack-witness-" + std::to_string(::getpid());
    try {
        server_ = std::make_unique<test::Process>(std::vector<std::string>{
            "jackd", "-n", name, "-d", "dummy", "-r", std::to_string(rate), "-p", std::to_string(period)});
        if (!server_->wait_for_line("driver is running", test::Deadline{5000})) {
            return;
        }
        capture_ = std::make_unique<test::Capture>(name, test::Capture::Settings{"witness", 1, seconds});
    } catch (const std::exception&) {
        capture_.reset();
    }
}

void Witness::watch() { from_ = capture_ ? capture_->end_frame().value_or(0) : 0; }

std::optional<std::size_t> Witness::lost_frames() const {
    const auto end = capture_ ? capture_->end_frame() : std::nullopt;
    return end ? std::optional{lost_samples(*capture_, from_, *end)} : std::nullopt;
}

}  // namespace crowdjack::demo
