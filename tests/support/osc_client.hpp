// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/protocol/addresses.hpp"
#include "tests/support/eventually.hpp"

#include <lo/lo.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace crowdjack::test {

namespace at = crowdjack::at;  // the addresses by name

struct OscNil {
    friend bool operator==(OscNil, OscNil) = default;
};

/// One OSC argument, of the type it has on the wire: i h f d s T/F N.
using OscValue = std::variant<std::int32_t, std::int64_t, float, double, std::string, bool, OscNil>;

/// A message as it came in.
struct OscReceived {
    std::string address;
    std::vector<OscValue> arguments;

    [[nodiscard]] bool is_reply_to(const std::string& command) const;
    [[nodiscard]] bool is_error_of(const std::string& command) const;
    /// Argument `i` as a number / as text; NaN and "" when it is none.
    [[nodiscard]] double number(std::size_t i) const;
    [[nodiscard]] std::string text(std::size_t i) const;
    /// The value after the key in a message of name/value pairs (`/deck/health` …); NaN when there is none.
    [[nodiscard]] double named(const std::string& key) const;
    /// For messages in failed assertions.
    [[nodiscard]] std::string shown() const;
};

/// An outsider with liblo: its own UDP port, sends commands, keeps everything that comes back.
class OscClient {
public:
    OscClient();
    ~OscClient();
    OscClient(const OscClient&) = delete;
    OscClient& operator=(const OscClient&) = delete;

    [[nodiscard]] std::string url() const;

    void send(const std::string& url, const std::string& address, const std::vector<OscValue>& arguments = {});
    /// Raw bytes as one UDP packet, from this client's port's neighbour (answers don't arrive).
    static void send_packet(const std::string& url, const std::vector<char>& packet);

    /// Sends and waits for what answers it: `/reply` or `/error` naming it, or a message at the same address.
    std::optional<OscReceived> request(const std::string& url, const std::string& address,
                                       const std::vector<OscValue>& arguments = {}, Deadline deadline = patient);

    /// Everything that came in so far, in order.
    [[nodiscard]] std::vector<OscReceived> received() const;
    [[nodiscard]] std::vector<OscReceived> received(const std::string& address) const;
    /// How many messages came in so far; a mark to wait from.
    [[nodiscard]] std::size_t count() const;
    /// The first message from mark `from` on that fits.
    std::optional<OscReceived> wait_for(const std::function<bool(const OscReceived&)>& fits, std::size_t from = 0,
                                        Deadline deadline = patient);
    std::optional<OscReceived> wait_for(const std::string& address, std::size_t from = 0, Deadline deadline = patient);
    void forget();

private:
    static int take(const char* path, const char* types, lo_arg** arguments, int count, lo_message message, void* self);

    lo_server_thread server_{nullptr};
    mutable std::mutex mutex_;
    std::vector<OscReceived> received_;
};

}  // namespace crowdjack::test
