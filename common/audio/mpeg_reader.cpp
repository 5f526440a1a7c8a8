// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/audio/mpeg_reader.hpp"

#include "common/error.hpp"

#include <mpg123.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <string>
#include <utility>

namespace crowdjack {

namespace {

// Layer III borrows bits from up to 511 bytes of the frames before: at its lowest rates these are 24 frames. Its
// overlap goes over one frame more.
constexpr std::int64_t frames_before = 32;

void prepare_library() {
    static std::once_flag once;
    std::call_once(once, [] { mpg123_init(); });
}

}  // namespace

void MpegReader::Close::operator()(mpg123_handle_struct* handle) const noexcept { mpg123_delete(handle); }

MpegReader::MpegReader(std::span<const std::byte> bytes, MpegStream stream)
    : bytes_{bytes}, stream_{std::move(stream)} {
    prepare_library();
    int error = MPG123_OK;
    handle_.reset(mpg123_new(nullptr, &error));
    if (handle_ == nullptr) {
        throw Failure{std::string{"libmpg123 can't begin: "} + mpg123_plain_strerror(error)};
    }
    format_.rate = stream_.first.rate;
    format_.channels = stream_.first.channels;
    format_.claimed_frames = stream_.claimed;
    format_.encoding = "MPEG audio, Layer " + std::string(static_cast<std::size_t>(stream_.first.layer), 'I');
    keep(stream_.skip, stream_.samples() - stream_.padding);
    restart();
}

MpegReader::~MpegReader() = default;

void MpegReader::restart() {
    mpg123_handle* const handle = handle_.get();
    mpg123_close(handle);
    mpg123_param(handle, MPG123_FLAGS,
                 MPG123_QUIET | MPG123_FORCE_FLOAT | MPG123_IGNORE_INFOFRAME | MPG123_SKIP_ID3V2 | MPG123_NO_READAHEAD,
                 0.0);
    mpg123_format_none(handle);
    mpg123_format(handle, stream_.first.rate, format_.channels == 1 ? MPG123_MONO : MPG123_STEREO, MPG123_ENC_FLOAT_32);
    if (mpg123_open_feed(handle) != MPG123_OK) {
        throw Failure{std::string{"libmpg123 can't begin: "} + mpg123_strerror(handle)};
    }
}

std::int64_t MpegReader::go_to(std::int64_t frame) {
    const std::int64_t wanted = std::clamp<std::int64_t>(frame / stream_.first.samples, 0, stream_.frames - 1);
    const std::int64_t place = std::max<std::int64_t>(0, wanted - frames_before) / MpegStream::stride;
    restart();
    walk_.emplace(bytes_, stream_.first.kind, stream_.places[static_cast<std::size_t>(place)]);
    return place * MpegStream::stride * stream_.first.samples;
}

bool MpegReader::next_block(std::vector<float>& interleaved) {
    const auto frame = walk_->next();
    if (!frame) {
        return false;
    }
    interleaved.assign(static_cast<std::size_t>(stream_.first.samples) * format_.channels, 0.0F);
    decode(bytes_.subspan(frame->at, frame->bytes), interleaved);  // else it is silent for one damaged frame
    return true;
}

void MpegReader::decode(std::span<const std::byte> frame, std::vector<float>& interleaved) {
    mpg123_handle* const handle = handle_.get();
    const auto* const begin = reinterpret_cast<const unsigned char*>(frame.data());
    if (mpg123_feed(handle, begin, frame.size()) != MPG123_OK) {
        return;
    }
    off_t number = 0;
    unsigned char* sound = nullptr;
    std::size_t size = 0;
    int result = mpg123_decode_frame(handle, &number, &sound, &size);
    if (result == MPG123_NEW_FORMAT) {
        result = mpg123_decode_frame(handle, &number, &sound, &size);
    }
    if (result == MPG123_OK && sound != nullptr) {
        std::memcpy(interleaved.data(), sound, std::min(size, interleaved.size() * sizeof(float)));
    }
}

}  // namespace crowdjack
