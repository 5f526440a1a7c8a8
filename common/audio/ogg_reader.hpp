// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/audio/block_reader.hpp"
#include "common/audio/ogg_codecs.hpp"
#include "common/audio/ogg_pages.hpp"

#include <memory>
#include <string>
#include <vector>

namespace crowdjack {

/// Ogg Vorbis and Opus: every link of a chain, one after the other, as long as they have the rate of the first.
class OggReader final : public BlockReader {
public:
    /// @throws Failure when no link of it can be played
    explicit OggReader(std::span<const std::byte> bytes, const std::string& path);

private:
    /// One logical stream of the chain.
    struct Link {
        std::unique_ptr<OggCodec> codec;
        int serial{};
        std::size_t at{};          ///< byte of its first page
        std::int64_t begin{};      ///< raw frame it begins at
        std::int64_t frames{};     ///< raw
        std::int64_t skip{};       ///< frames at its beginning that are no music
        std::int64_t padding{};    ///< frames at its end that are none
        std::int64_t granule{-1};  ///< of its latest page that has one
        std::int64_t since{};      ///< frames since that page
    };
    /// A page at which decoding can begin.
    struct Place {
        std::int64_t frame;  ///< raw frame that then comes first
        std::size_t at, link;
    };

    void look_through(const std::string& path);
    void begin_link(ogg_page& page, std::size_t at, OggPackets& packets, const std::string& path);
    void count(ogg_page& page, std::size_t at, OggPackets& packets);
    void trim(Link& link, ogg_page& page, std::int64_t frames);
    std::int64_t go_to(std::int64_t frame) override;
    bool next_block(std::vector<float>& interleaved) override;
    void enter(std::size_t link);
    void spread(std::vector<float>& interleaved, std::size_t channels) const;

    OggPages pages_;
    std::vector<Link> links_;
    std::vector<Place> places_;
    std::size_t current_{};
    OggPackets packets_{0};
};

/// The frames of an Ogg FLAC file as a plain FLAC file would hold them. Empty when it is none.
[[nodiscard]] std::vector<std::byte> flac_in_ogg(std::span<const std::byte> bytes);

}  // namespace crowdjack
