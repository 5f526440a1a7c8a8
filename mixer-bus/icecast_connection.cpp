// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/icecast_connection.hpp"

#include "common/error.hpp"

namespace crowdjack {

namespace {

/// libshout is set up once, before its first use, for the life of the program.
void set_up_libshout() {
    static const bool done = [] {
        shout_init();
        return true;
    }();
    (void)done;
}

}  // namespace

IcecastConnection::IcecastConnection(const StreamTarget& target, StreamFormat format) : shown_{target.shown()} {
    set_up_libshout();
    shout_.reset(shout_new());
    shout_t* const shout = shout_.get();
    const unsigned int content = format == StreamFormat::mp3 ? SHOUT_FORMAT_MP3 : SHOUT_FORMAT_OGG;
    const bool fine = shout_set_host(shout, target.host.c_str()) == SHOUTERR_SUCCESS &&
                      shout_set_port(shout, target.port) == SHOUTERR_SUCCESS &&
                      shout_set_protocol(shout, SHOUT_PROTOCOL_HTTP) == SHOUTERR_SUCCESS &&
                      shout_set_user(shout, target.user.c_str()) == SHOUTERR_SUCCESS &&
                      shout_set_password(shout, target.password.c_str()) == SHOUTERR_SUCCESS &&
                      shout_set_mount(shout, target.mount.c_str()) == SHOUTERR_SUCCESS &&
                      shout_set_content_format(shout, content, SHOUT_USAGE_AUDIO, nullptr) == SHOUTERR_SUCCESS &&
                      shout_set_agent(shout, "crowdjack/" CROWDJACK_VERSION) == SHOUTERR_SUCCESS &&
                      shout_set_nonblocking(shout, 1) == SHOUTERR_SUCCESS;
    if (!fine) {
        throw Failure{"cannot stream to " + shown_ + ": " + shout_get_error(shout)};
    }
    judge(shout_open(shout));
}

IcecastConnection::~IcecastConnection() = default;

IcecastConnection::Progress IcecastConnection::judge(int code) {
    if (code == SHOUTERR_SUCCESS || code == SHOUTERR_CONNECTED) {
        connected_ = true;
        return Progress::connected;
    }
    if (code == SHOUTERR_BUSY) {
        return Progress::connecting;
    }
    refused_ = code == SHOUTERR_NOLOGIN;
    if (refused_) {
        why_ = "it refuses: check user and password, and that nobody else streams to this mount";
    } else if (code == SHOUTERR_SOCKET || code == SHOUTERR_NOCONNECT) {  // libshout says "No error" to some of these
        why_ = connected_ ? "the connection broke" : "nobody answers there";
    } else {
        why_ = shout_get_error(shout_.get());
    }
    return Progress::failed;
}

IcecastConnection::Progress IcecastConnection::proceed() {
    return why_.empty() ? judge(shout_get_connected(shout_.get())) : Progress::failed;
}

bool IcecastConnection::send(std::span<const std::byte> bytes) {
    const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
    const int code = shout_send(shout_.get(), data, bytes.size());
    return judge(code) != Progress::failed;
}

std::ptrdiff_t IcecastConnection::waiting_bytes() const noexcept { return shout_queuelen(shout_.get()); }

std::string IcecastConnection::why() const { return shown_ + ": " + (why_.empty() ? "it does not answer" : why_); }

}  // namespace crowdjack
