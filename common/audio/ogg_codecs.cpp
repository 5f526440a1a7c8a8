// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/audio/ogg_codecs.hpp"

#include "common/audio/ogg_pages.hpp"

#include <opus/opus_multistream.h>
#include <vorbis/codec.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

namespace crowdjack {

namespace {

/// Vorbis I, 4.3.9, and RFC 7845, 5.1.1.2: whose channel comes first, second, … in a WAV.
std::size_t place_in_wav(std::size_t channel, std::size_t channels) {
    constexpr std::array<std::array<std::size_t, 8>, 9> places{{{},
                                                                {0},
                                                                {0, 1},
                                                                {0, 2, 1},
                                                                {0, 1, 2, 3},
                                                                {0, 2, 1, 3, 4},
                                                                {0, 2, 1, 5, 3, 4},
                                                                {0, 2, 1, 6, 5, 3, 4},
                                                                {0, 2, 1, 7, 5, 6, 3, 4}}};
    return channels < places.size() ? places.at(channels).at(channel) : channel;
}

class VorbisCodec final : public OggCodec {
public:
    VorbisCodec() {
        vorbis_info_init(&info_);
        vorbis_comment_init(&comment_);
    }
    ~VorbisCodec() override {
        end_decoding();
        vorbis_comment_clear(&comment_);
        vorbis_info_clear(&info_);
    }

    bool take_header(ogg_packet& packet) override {
        if (headers_ >= 3 || packet.bytes < 1 || (*packet.packet & 1U) == 0) {
            return false;
        }
        headers_ += vorbis_synthesis_headerin(&info_, &comment_, &packet) == 0 ? 1 : 0;
        if (headers_ == 3 && !can_begin()) {
            vorbis_info_clear(&info_);
            headers_ = unusable;
        }
        return true;
    }
    [[nodiscard]] bool complete() const noexcept override { return headers_ == 3; }
    [[nodiscard]] int rate() const noexcept override { return static_cast<int>(info_.rate); }
    [[nodiscard]] int channels() const noexcept override { return info_.channels; }
    [[nodiscard]] std::string name() const override { return "Ogg Vorbis"; }

    std::int64_t duration(ogg_packet& packet) override { return advance(packet, counted_); }
    [[nodiscard]] bool primes() const noexcept override { return true; }

    void restart() override {
        end_decoding();
        decoding_ = vorbis_synthesis_init(&state_, &info_) == 0;
        if (decoding_) {
            vorbis_block_init(&state_, &block_);
        }
        decoded_ = 0;
    }

    void decode(ogg_packet& packet, std::vector<float>& interleaved) override {
        const std::int64_t wanted = advance(packet, decoded_);
        packet.granulepos = -1;  // what is left out at the ends is not the decoder's business
        packet.e_o_s = 0;
        if (decoding_ && vorbis_synthesis(&block_, &packet) == 0) {
            vorbis_synthesis_blockin(&state_, &block_);
        }
        const auto count = static_cast<std::size_t>(info_.channels);
        const std::size_t begin = interleaved.size();
        interleaved.resize(begin + static_cast<std::size_t>(wanted) * count);
        float** sound = nullptr;
        const int came = decoding_ ? vorbis_synthesis_pcmout(&state_, &sound) : 0;
        for (std::size_t i = 0; i < static_cast<std::size_t>(std::min<std::int64_t>(came, wanted)); ++i) {
            for (std::size_t c = 0; c < count; ++c) {
                interleaved[begin + i * count + c] = sound[place_in_wav(c, count)][i];
            }
        }
        if (came > 0) {
            vorbis_synthesis_read(&state_, came);
        }
    }

    void rest() override { end_decoding(); }

private:
    /// Half of this block and half of the one before it come out. @param before  is set to this block's size
    std::int64_t advance(ogg_packet& packet, std::int64_t& before) {
        const std::int64_t size = packet.bytes > 0 ? vorbis_packet_blocksize(&info_, &packet) : 0;
        if (size <= 0) {
            return 0;
        }
        const std::int64_t result = before > 0 ? (before + size) / 4 : 0;
        before = size;
        return result;
    }

    /// libvorbis looks into the code books only when it begins to decode. It must not begin anew once it refused: the
    /// second time it takes the books that it left half made, and divides by zero.
    bool can_begin() {
        vorbis_dsp_state trial{};
        const bool good = vorbis_synthesis_init(&trial, &info_) == 0;
        vorbis_dsp_clear(&trial);
        return good;
    }

    void end_decoding() {
        if (decoding_) {
            vorbis_block_clear(&block_);
            vorbis_dsp_clear(&state_);
            decoding_ = false;
        }
    }

    static constexpr int unusable = 4;

    vorbis_info info_{};
    vorbis_comment comment_{};
    vorbis_dsp_state state_{};
    vorbis_block block_{};
    int headers_{0};
    bool decoding_{false};
    std::int64_t counted_{0}, decoded_{0};  ///< size of the block before, in duration() and in decode()
};

/// RFC 7845, 5.1.
struct OpusHead {
    int channels{}, delay{}, gain{}, streams{1}, coupled{};
    std::array<unsigned char, 255> mapping{0, 1};
};

std::optional<OpusHead> opus_head(std::string_view text) {
    if (text.size() < 19 || !text.starts_with("OpusHead") || (static_cast<unsigned char>(text[8]) & 0xF0U) != 0) {
        return std::nullopt;
    }
    const auto octet = [&](std::size_t at) { return static_cast<int>(static_cast<unsigned char>(text[at])); };
    OpusHead head;
    head.channels = octet(9);
    head.delay = octet(10) + octet(11) * 256;
    head.gain = static_cast<std::int16_t>(octet(16) + octet(17) * 256);
    const auto channels = static_cast<std::size_t>(head.channels);
    if (octet(18) == 0) {
        head.coupled = head.channels - 1;
        return channels == 1 || channels == 2 ? std::optional{head} : std::nullopt;
    }
    if (channels == 0 || text.size() < 21 + channels) {
        return std::nullopt;
    }
    head.streams = octet(19);
    head.coupled = octet(20);
    std::copy_n(text.begin() + 21, channels, head.mapping.begin());
    return head;
}

class OpusCodec final : public OggCodec {
public:
    explicit OpusCodec(const OpusHead& head) : head_{head} {}

    bool take_header(ogg_packet& packet) override {
        return as_text(packet).starts_with("OpusTags") || as_text(packet).starts_with("OpusHead");
    }
    [[nodiscard]] bool complete() const noexcept override { return true; }
    [[nodiscard]] int rate() const noexcept override { return 48000; }
    [[nodiscard]] int channels() const noexcept override { return head_.channels; }
    [[nodiscard]] std::string name() const override { return "Ogg Opus"; }

    std::int64_t duration(ogg_packet& packet) override {
        const int samples = opus_packet_get_nb_samples(packet.packet, static_cast<opus_int32>(packet.bytes), rate());
        return std::max(0, samples);
    }
    [[nodiscard]] bool primes() const noexcept override { return false; }
    [[nodiscard]] std::int64_t delay() const noexcept override { return head_.delay; }
    [[nodiscard]] std::int64_t preroll() const noexcept override { return 24000; }

    void restart() override {
        int error = OPUS_OK;
        decoder_.reset(opus_multistream_decoder_create(rate(), head_.channels, head_.streams, head_.coupled,
                                                       head_.mapping.data(), &error));
        if (decoder_ != nullptr) {
            opus_multistream_decoder_ctl(decoder_.get(), OPUS_SET_GAIN(head_.gain));
        }
    }

    void decode(ogg_packet& packet, std::vector<float>& interleaved) override {
        const auto count = static_cast<std::size_t>(head_.channels);
        const std::int64_t wanted = duration(packet);
        sound_.assign(static_cast<std::size_t>(wanted) * count, 0.0F);
        if (decoder_ != nullptr && wanted > 0 &&
            opus_multistream_decode_float(decoder_.get(), packet.packet, static_cast<opus_int32>(packet.bytes),
                                          sound_.data(), static_cast<int>(wanted), 0) < 0) {
            std::fill(sound_.begin(), sound_.end(), 0.0F);  // a damaged packet
        }
        const std::size_t begin = interleaved.size();
        interleaved.resize(begin + sound_.size());
        for (std::size_t i = 0; i < sound_.size(); i += count) {
            for (std::size_t c = 0; c < count; ++c) {
                interleaved[begin + i + c] = sound_[i + place_in_wav(c, count)];
            }
        }
    }

    void rest() override { decoder_.reset(); }

private:
    struct Destroy {
        void operator()(OpusMSDecoder* decoder) const noexcept { opus_multistream_decoder_destroy(decoder); }
    };
    OpusHead head_;
    std::unique_ptr<OpusMSDecoder, Destroy> decoder_;
    std::vector<float> sound_;
};

}  // namespace

std::unique_ptr<OggCodec> make_ogg_codec(ogg_packet& packet) {
    if (vorbis_synthesis_idheader(&packet) != 0) {
        auto codec = std::make_unique<VorbisCodec>();
        return codec->take_header(packet) ? std::move(codec) : nullptr;
    }
    if (const auto head = opus_head(as_text(packet))) {
        return std::make_unique<OpusCodec>(*head);
    }
    return nullptr;
}

}  // namespace crowdjack
