// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/icecast_connection.hpp"

#include <algorithm>
#include <utility>

namespace crowdjack {

namespace {

constexpr std::size_t taken_at_once = 16 * 1024;  ///< of what a server says while it is sent to

std::string request_head(const StreamTarget& target, StreamFormat format, const Station& station, int rate) {
    std::string head = "PUT " + target.mount + " HTTP/1.1\r\nHost: " + host_and_port(target.host, target.port) +
                       "\r\nAuthorization: " + basic_authorization(target.user, target.password) +
                       "\r\nUser-Agent: crowdjack/" CROWDJACK_VERSION "\r\nContent-Type: " +
                       (format == StreamFormat::mp3 ? "audio/mpeg" : "application/ogg") +
                       "\r\nIce-Public: " + (station.listed ? "1" : "0") + "\r\n";
    const auto add = [&head](const char* name, std::string value) {
        value.erase(std::remove_if(value.begin(), value.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }),
                    value.end());
        head += value.empty() ? "" : std::string{name} + ": " + value + "\r\n";
    };
    add("Ice-Name", station.name);
    add("Ice-Genre", station.genre);
    add("Ice-URL", station.url);
    const std::string bitrate = std::to_string(station.bitrate_of(format));
    add("Ice-Bitrate", bitrate);
    add("Ice-Audio-Info", "channels=2;samplerate=" + std::to_string(rate) + ";bitrate=" + bitrate);
    return head + "Expect: 100-continue\r\n\r\n";
}

}  // namespace

IcecastConnection::IcecastConnection(const StreamTarget& target, StreamFormat format, const Station& station, int rate)
    : shown_{target.shown()}, connection_{target.host, target.port} {
    connection_.send(request_head(target, format, station, rate));
}

IcecastConnection::Progress IcecastConnection::fail(std::string why) {
    why_ = std::move(why);
    return progress_ = Progress::failed;
}

IcecastConnection::Progress IcecastConnection::proceed() {
    if (progress_ != Progress::connecting) {
        return progress_;
    }
    const auto state = connection_.proceed();
    if (state == TcpConnection::State::broken) {
        return fail(connection_.why());
    }
    if (state == TcpConnection::State::connecting) {
        return progress_;
    }
    const bool open = connection_.receive(received_, longest_http_head);
    if (const auto head = parse_http_head(received_); head && !received_.empty()) {
        return judge(*head);
    }
    if (!open) {
        return fail(connection_.why().empty() ? "it hung up without an answer" : connection_.why());
    }
    return received_.size() < longest_http_head ? progress_ : fail("its answer has no end: that is no Icecast server");
}

IcecastConnection::Progress IcecastConnection::judge(const HttpHead& head) {
    if (head.status == 100 || head.status == 200) {
        received_.clear();
        return progress_ = Progress::connected;
    }
    refused_ = (head.status >= 300 && head.status < 500) || head.status == 0;
    const std::string said = std::to_string(head.status) + (head.reason.empty() ? "" : " " + head.reason);
    if (head.status == 0) {
        return fail("what answers there is no Icecast server: check host and port");
    }
    if (head.status == 401 || head.status == 403) {
        return fail("it refuses (" + said + "): check user and password, and that nobody else streams to this mount");
    }
    if (head.status < 400 && head.status >= 300) {
        return fail("it sends on" + (head.location.empty() ? "" : " to " + head.location) + " (" + said +
                    "), which a stream doesn't follow: give that address");
    }
    return fail("it answers " + said);
}

bool IcecastConnection::send(std::span<const std::byte> bytes) {
    connection_.send(bytes);
    if (connection_.proceed() == TcpConnection::State::broken) {
        fail(connection_.why());
        return false;
    }
    received_.clear();  // what it says now is of no interest, but that it says nothing more
    if (!connection_.receive(received_, taken_at_once)) {
        const auto head = parse_http_head(received_);
        fail(head && head->status >= 400 ? "it ended the stream: " + std::to_string(head->status) + " " + head->reason
                                         : "it hung up");
        return false;
    }
    return true;
}

std::string IcecastConnection::why() const { return shown_ + ": " + (why_.empty() ? "it does not answer" : why_); }

}  // namespace crowdjack
