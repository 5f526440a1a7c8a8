// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/receipt.hpp"

#include "common/atomic_file.hpp"
#include "common/error.hpp"
#include "common/whole_number.hpp"
#include "struct-export/json_file.hpp"
#include "struct-export/text.hpp"

#include <nlohmann/json.hpp>
#include <sndfile.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

namespace crowdjack {

namespace {

using Json = nlohmann::ordered_json;

std::uintmax_t size_of(const std::filesystem::path& file) {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(file, error);
    return error ? 0 : size;
}

}  // namespace

std::string cut_inputs(const CutOrder& order) {
    struct stat status {};
    if (::stat(order.audio.c_str(), &status) != 0) {
        throw Failure{"cannot read " + order.audio.string() + ": " + errno_text(errno)};
    }
    std::string text;
    const auto line = [&text](const char* name, const std::string& value) { text.append(name) += " " + value + "\n"; };
    line("audio", order.audio.string());
    line("size", std::to_string(status.st_size));
    line("changed", std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec));
    line("ini", shortest(order.cues.ini.value));
    line("end", shortest(order.cues.end.value));
    line("speed", shortest(order.speed));
    for (const WarpPoint& point : order.warp) {
        line("warp", shortest(point.source.value) + " " + shortest(point.fitted.value));
    }
    line("method", std::string{to_text(order.method)} + ", " + library_version(order.method));
    line("format", std::to_string(static_cast<int>(order.format)));
    line("title", order.tags.title);
    line("artist", order.tags.artist);
    line("comment", order.tags.comment);
    line("versions", CROWDJACK_VERSION ", " + std::string{sf_version_string()});
    return text;
}

std::filesystem::path receipt_file(const CutOrder& order) {
    return order.part_fitted.parent_path() / ".receipts" / (order.part_fitted.stem().string() + ".json");
}

void write_receipt(const CutOrder& order, const std::string& inputs, const CutResult& result) {
    const Json receipt{{"inputs", inputs},
                       {"original", {{"frames", result.original.value}, {"bytes", size_of(order.part_original)}}},
                       {"fitted", {{"frames", result.fitted.value}, {"bytes", size_of(order.part_fitted)}}},
                       {"rate", result.rate}};
    write_atomically(receipt_file(order), receipt.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n",
                     Durability::process, 0644);
}

std::optional<CutResult> earlier_result(const CutOrder& order, const std::string& inputs) {
    try {
        const Json receipt = read_json(receipt_file(order));
        // Through the same writer: bytes that are no UTF-8 compare as they were written.
        const Json wanted = Json::parse(Json(inputs).dump(-1, ' ', false, Json::error_handler_t::replace));
        const auto kept = [&receipt](const char* part, const std::filesystem::path& file) {
            return size_of(file) > 0 && receipt.at(part).at("bytes") == size_of(file);
        };
        if (receipt.at("inputs") != wanted || !kept("original", order.part_original) ||
            !kept("fitted", order.part_fitted)) {
            return std::nullopt;
        }
        CutResult result;
        result.original.value = whole_number<std::int64_t>(receipt.at("original").at("frames"));
        result.fitted.value = whole_number<std::int64_t>(receipt.at("fitted").at("frames"));
        result.rate = receipt.at("rate").get<double>();
        return result;
    } catch (const Failure&) {
        return std::nullopt;  // no receipt, or half of one: made again
    } catch (const Json::exception&) {
        return std::nullopt;
    }
}

}  // namespace crowdjack
