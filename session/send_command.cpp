// SPDX-License-Identifier: GPL-3.0-or-later
// crowdjack-session send: one message to the front door, and its answer.
#include "common/error.hpp"
#include "common/options.hpp"
#include "common/osc_packet.hpp"
#include "session/commands.hpp"
#include "session/suite_link.hpp"

#include <algorithm>
#include <charconv>
#include <iostream>
#include <span>
#include <vector>

namespace crowdjack {

namespace {

constexpr int refused_code = 1;
constexpr int nobody_answers_code = 3;
constexpr std::uint16_t usual_door = 57120;

/// A number in the words of the shell; nothing when it is none.
template <typename Number>
std::optional<Number> number_in(std::string_view text) {
    Number value{};
    const char* const end = text.data() + text.size();
    const auto [read, error] = std::from_chars(text.data() + (text.starts_with('+') ? 1 : 0), end, value);
    const bool looks_like_one = text.find_first_of("0123456789") <= 2;  // not inf, not nan
    return looks_like_one && error == std::errc{} && read == end ? std::optional{value} : std::nullopt;
}

OscAtom whole_number(std::int64_t value) {
    const auto narrow = static_cast<std::int32_t>(value);
    return narrow == value ? OscAtom{narrow} : OscAtom{value};
}

/// `s:`, `i:` or `f:` before an argument settles its type. @throws UsageError
std::optional<OscAtom> settled_atom(std::string_view text) {
    if (text.size() < 2 || text[1] != ':' || std::string_view{"sif"}.find(text[0]) == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view rest = text.substr(2);
    if (text[0] == 's') {
        return OscAtom{std::string{rest}};
    }
    if (const auto whole = number_in<std::int64_t>(rest); whole && text[0] == 'i') {
        return whole_number(*whole);
    }
    if (const auto number = number_in<float>(rest); number && text[0] == 'f') {
        return OscAtom{*number};
    }
    throw UsageError{"'" + std::string{text} + "' is no number: s: before it makes it a text"};
}

/// By its look, and by what the address takes there.
OscAtom atom_of(std::string_view text, const protocol::Argument* described) {
    using Kind = protocol::Argument::Kind;
    if (const auto settled = settled_atom(text)) {
        return *settled;
    }
    if (const auto whole = number_in<std::int64_t>(text)) {
        return whole_number(*whole);
    }
    if (const auto number = number_in<double>(text)) {
        return described != nullptr && described->tag == 'd' ? OscAtom{*number} : OscAtom{static_cast<float>(*number)};
    }
    const bool flag = described != nullptr && described->kind == Kind::flag;
    if (text == "true" || text == "false" || (flag && (text == "T" || text == "F"))) {
        return text == "true" || text == "T";
    }
    if (text == "nil" || (text == "N" && described != nullptr && described->kind == Kind::frame)) {
        return OscNothing{};
    }
    return std::string{text};
}

/// The description of an address, and how many of its arguments stand in the address.
std::pair<const protocol::Description*, std::size_t> described(const std::string& address) {
    if (const auto* const exact = protocol::description_of(address)) {
        return {exact, 0};
    }
    const auto resolved = protocol::resolve(address);
    return resolved ? std::pair{resolved->description, resolved->selectors.size()}
                    : std::pair<const protocol::Description*, std::size_t>{nullptr, 0};
}

OscMessage message_of(std::span<const char* const> words) {
    OscMessage message{words.front()};
    const auto [description, in_address] = described(message.address());
    for (std::size_t i = 1; i < words.size(); ++i) {
        const std::size_t at = i - 1 + in_address;
        const bool known = description != nullptr && at < description->arguments().size();
        message.add(atom_of(words[i], known ? &description->arguments()[at] : nullptr));
    }
    return message;
}

/// Opening files and waiting for decks takes its time.
std::chrono::seconds patience_for(const protocol::Description* description) {
    const bool opens = description != nullptr && description->way.role != protocol::Role::question &&
                       (description->address == at::start_group || description->address == at::session_start ||
                        std::any_of(description->arguments().begin(), description->arguments().end(),
                                    [](const auto& argument) { return argument.name == "path"; }));
    return std::chrono::seconds{opens ? 70 : 5};
}

OscEndpoint door_of(SuiteLink& link) {
    const auto door = link.peers().of_kind("session");
    return door ? OscEndpoint::parse(door->url, OscEndpoint::Host::numeric) : OscEndpoint::loopback(usual_door);
}

void print(const OscReading& answer) {
    std::cout << answer.address;
    for (const OscAtom& atom : answer.atoms) {
        std::cout << ' ' << text_of(atom);
    }
    std::cout << '\n';
}

/// @returns the exit code
int sent(SuiteLink& link, const OscEndpoint& to, const OscMessage& message) {
    int code = nobody_answers_code;
    const OscSocket socket{
        link.loop(), to.is_loopback() ? "127.0.0.1" : "0.0.0.0", 0,
        [&](const OscEndpoint&, const char* data, std::size_t size) {
            const OscReading reading = read_osc_message(data, size);
            const bool names_it = !reading.atoms.empty() && text_of(reading.atoms.front()) == message.address();
            const bool error = reading.address == at::error && names_it;
            if (error || (reading.address == at::reply && names_it) || reading.address == message.address()) {
                print(reading);
                code = error ? refused_code : 0;
                link.loop().stop();
            }
        }};
    socket.send(to, message);
    const auto* const description = described(message.address()).first;
    if (description != nullptr && description->way.role == protocol::Role::report) {
        return 0;  // never answered
    }
    link.loop().after(patience_for(description), [&link] { link.loop().stop(); });
    link.loop().run();
    if (code == nobody_answers_code) {
        std::cerr << "crowdjack-session send: nobody answers at " << to.url()
                  << ": is a session running (crowdjack-session run FILE.toml), or is it elsewhere (--to URL)?\n";
    }
    return code;
}

}  // namespace

int run_send(int argc, const char* const* argv) {
    const std::span<const char* const> words{argv, static_cast<std::size_t>(argc)};
    const auto address = std::find_if(words.begin(), words.end(), [](const char* word) { return *word == '/'; });
    CommandLine line{"crowdjack-session send", "Sends one OSC message to the front door and prints the answer."};
    line.usage_tail = "ADDRESS [ARGUMENT…]";
    line.own.add_options()("to", boost::program_options::value<std::string>()->value_name("URL"),
                           "send there instead, e.g. osc.udp://127.0.0.1:57122/");
    const auto options = line.parse(static_cast<int>(address - words.begin()), argv);
    if (!options) {
        return 0;
    }
    if (address == words.end()) {
        throw UsageError{"no address given: crowdjack-session send /mixer/A/gain 0.5"};
    }
    SuiteLink link{*options};
    const OscEndpoint to = line.given("to") ? OscEndpoint::parse(line.values()["to"].as<std::string>()) : door_of(link);
    return sent(link, to, message_of(words.subspan(static_cast<std::size_t>(address - words.begin()))));
}

}  // namespace crowdjack
