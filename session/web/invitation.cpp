// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/web/invitation.hpp"

#include "common/atomic_file.hpp"
#include "common/error.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <qrencode.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <fstream>
#include <memory>
#include <system_error>

namespace crowdjack::web {

namespace {

constexpr std::size_t shortest_token = 16;
constexpr std::size_t longest_token = 256;

bool fits_a_link(const std::string& token) {
    return token.size() >= shortest_token && token.size() <= longest_token &&
           std::all_of(token.begin(), token.end(),
                       [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
}

}  // namespace

std::string random_token() {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz234567";  // 5 bits each
    std::array<unsigned char, 26> random{};
    if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
        throw Failure{"the system gives no random numbers: " + errno_text(errno)};
    }
    std::string token;
    for (const unsigned char byte : random) {
        token += letters[byte % letters.size()];
    }
    return token;
}

std::string token_of(const std::filesystem::path& file) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) {
        if (errno != ENOENT) {
            throw Failure{"cannot look at token file " + file.string() + ": " + errno_text(errno)};
        }
        std::error_code ignored;
        std::filesystem::create_directories(file.parent_path().empty() ? "." : file.parent_path(), ignored);
        std::string token = random_token();
        write_atomically(file, token + "\n");
        return token;
    }
    if (!S_ISREG(status.st_mode)) {
        throw Failure{"token file " + file.string() + " is no regular file: name another with --token-file"};
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0 && ::chmod(file.c_str(), S_IRUSR | S_IWUSR) != 0) {
        throw Failure{"token file " + file.string() +
                      " can be read by others, and that can't be changed: " + errno_text(errno) + " (chmod 600 it)"};
    }
    std::ifstream input{file};
    std::string token;
    if (!std::getline(input, token) || !fits_a_link(token)) {
        throw Failure{"token file " + file.string() +
                      " holds no token: its first line must be 16 to 256 letters, digits, - or _ (or remove the file, "
                      "and a new one is made)"};
    }
    return token;
}

std::vector<std::string> addresses_of_this_machine() {
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) {
        return {};
    }
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner{list, &::freeifaddrs};
    std::vector<std::string> found;
    for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
        const bool up = (each->ifa_flags & IFF_UP) != 0 && (each->ifa_flags & IFF_LOOPBACK) == 0;
        if (each->ifa_addr != nullptr && each->ifa_addr->sa_family == AF_INET && up) {
            sockaddr_in address{};
            std::copy_n(reinterpret_cast<const unsigned char*>(each->ifa_addr), sizeof address,
                        reinterpret_cast<unsigned char*>(&address));
            std::array<char, INET_ADDRSTRLEN> text{};
            (void)::inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size());
            found.emplace_back(text.data());
        }
    }
    return found;
}

std::vector<std::string> names_of_this_machine() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0 || name.front() == '\0') {
        return {};
    }
    const std::string plain{name.data()};
    return {plain, plain + ".local"};
}

std::string link(const std::string& bind, std::uint16_t port, const std::optional<std::string>& token) {
    std::string host = bind;
    if (bind == "0.0.0.0") {
        const auto addresses = addresses_of_this_machine();
        host = addresses.empty() ? "127.0.0.1" : addresses.front();
    }
    return "http://" + host + ":" + std::to_string(port) + "/" + (token ? "#token=" + *token : "");
}

std::string qr_code(const std::string& text) {
    const std::unique_ptr<QRcode, void (*)(QRcode*)> code{QRcode_encodeString8bit(text.c_str(), 0, QR_ECLEVEL_L),
                                                          &QRcode_free};
    if (code == nullptr) {
        return {};
    }
    constexpr int margin = 2;
    const auto light = [&code](int x, int y) {
        const bool inside = x >= 0 && y >= 0 && x < code->width && y < code->width;
        return !inside || (code->data[y * code->width + x] & 1U) == 0;
    };
    std::string picture;
    for (int y = -margin; y < code->width + margin; y += 2) {
        for (int x = -margin; x < code->width + margin; ++x) {
            const bool upper = light(x, y);
            const bool lower = light(x, y + 1);
            picture += upper && lower ? "\u2588" : upper ? "\u2580" : lower ? "\u2584" : " ";
        }
        picture += '\n';
    }
    return picture;
}

}  // namespace crowdjack::web
