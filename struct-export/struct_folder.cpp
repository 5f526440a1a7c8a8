// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/struct_folder.hpp"

#include "common/atomic_file.hpp"
#include "common/error.hpp"
#include "struct-export/json_file.hpp"

#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <fstream>
#include <system_error>

namespace crowdjack {

namespace {

bool set_key(const std::filesystem::path& file, const RekordboxCollection& collection) {
    nlohmann::ordered_json document = read_json(file);
    const TrackStruct track = track_struct(document, file.string());
    const std::string tonality = collection.match(track.audio, track.length()).tonality();
    if (tonality.empty() || track.key == tonality) {
        return false;
    }
    document["key"] = tonality;
    struct stat status {};
    const mode_t mode = ::stat(file.c_str(), &status) == 0 ? status.st_mode & 0777U : 0644U;
    // Through symbolic links, so that a link stays one.
    write_atomically(std::filesystem::canonical(file), tidy_json(document), Durability::power, mode);
    return true;
}

}  // namespace

void write_merged(const std::vector<std::filesystem::path>& structures, const std::filesystem::path& output) {
    const std::filesystem::path temporary = output.string() + ".part";
    std::error_code error;
    {
        std::ofstream stream{temporary, std::ios::binary | std::ios::trunc};
        stream << "{";
        const char* separator = "\n";
        for (const std::filesystem::path& file : structures) {
            nlohmann::ordered_json document;
            try {
                document = read_python_json(file, nan_as_null);
            } catch (const Failure&) {
                continue;
            }
            const nlohmann::ordered_json name(file.stem().string());
            using Handler = nlohmann::ordered_json::error_handler_t;
            stream << separator << name.dump(-1, ' ', false, Handler::replace) << ": " << document.dump();
            separator = ",\n";
        }
        stream << "\n}\n";
        stream.close();
        if (!stream) {
            std::filesystem::remove(temporary, error);
            throw Failure{"cannot write --output " + output.string() + ": " + errno_text(errno)};
        }
    }
    std::filesystem::rename(temporary, output, error);
    if (error) {
        throw Failure{"cannot write --output " + output.string() + ": " + error.message()};
    }
}

std::size_t write_keys(const std::vector<std::filesystem::path>& structures, const RekordboxCollection& collection,
                       const Tell& warn) {
    std::size_t changed = 0;
    for (const std::filesystem::path& file : structures) {
        try {
            changed += set_key(file, collection) ? 1U : 0U;
        } catch (const std::exception& error) {
            warn(file, std::string{"its key was not written: "} + error.what());
        }
    }
    return changed;
}

}  // namespace crowdjack
