// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/midi/midi_map.hpp"

#include "common/error.hpp"
#include "common/nearest_name.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <sstream>
#include <utility>

namespace crowdjack::midi {

namespace {

using protocol::Argument;
using protocol::Role;

constexpr std::size_t most_nesting = 16;
constexpr std::size_t most_dots = 256;

std::string place_of(const std::string& name, const toml::node& node) {
    return name + ":" + std::to_string(node.source().begin.line);
}

[[noreturn]] void refuse(const std::string& place, const std::string& why) { throw UsageError{place + ": " + why}; }

void check_keys(const toml::table& table, const std::string& name, const std::vector<std::string>& known) {
    for (const auto& [key, value] : table) {
        if (std::find(known.begin(), known.end(), key.str()) == known.end()) {
            const std::string nearest = nearest_name(key.str(), known);
            refuse(place_of(name, value), "unknown key '" + std::string{key.str()} + "'" +
                                              (nearest.empty() ? "" : ": did you mean " + nearest + "?"));
        }
    }
}

template <typename Value>
std::optional<Value> optional_of(const toml::table& table, const char* key, const std::string& name, const char* kind) {
    const toml::node* const node = table.get(key);
    if (node == nullptr) {
        return std::nullopt;
    }
    auto value = node->value<Value>();
    if (!value) {
        refuse(place_of(name, *node), std::string{key} + " must be " + kind);
    }
    return value;
}

Json json_of(const toml::node& node, const std::string& place) {
    if (const auto* const text = node.as_string()) {
        return text->get();
    }
    if (const auto* const flag = node.as_boolean()) {
        return flag->get();
    }
    if (const auto* const whole = node.as_integer()) {
        return whole->get();
    }
    if (const auto* const number = node.as_floating_point()) {
        return number->get();
    }
    refuse(place, "args are texts, numbers, true or false");
}

std::optional<Scale> scale_of(const toml::table& table, const std::string& name) {
    const auto curve = optional_of<std::string>(table, "curve", name, "linear, log or fader");
    const toml::node* const range = table.get("range");
    if (range == nullptr && !curve) {
        return std::nullopt;
    }
    Scale scale;
    scale.curve = curve ? parse_curve(*curve) : Curve::linear;
    if (range == nullptr) {
        scale.low = scale.high = NAN;  // the description's
        return scale;
    }
    const toml::array* const ends = range->as_array();
    const auto low = ends != nullptr && ends->size() == 2 ? ends->get(0)->value<double>() : std::nullopt;
    const auto high = ends != nullptr && ends->size() == 2 ? ends->get(1)->value<double>() : std::nullopt;
    if (!low || !high || !std::isfinite(*low) || !std::isfinite(*high)) {
        refuse(place_of(name, *range), "range must be two numbers, e.g. [0.0, 1.0]");
    }
    scale.low = *low;
    scale.high = *high;
    return scale;
}

Press press_of(const std::string& text, const std::string& place) {
    if (text == "toggle") {
        return Press::toggle;
    }
    if (text == "hold") {
        return Press::hold;
    }
    if (text != "press") {
        refuse(place, "on '" + text + "' must be press, toggle or hold");
    }
    return Press::usual;
}

Control control_of(const toml::table& table, const std::string& name) {
    const std::string place = place_of(name, table);
    check_keys(table, name,
               {"input", "output", "address", "args", "range", "curve", "on", "takeover", "step", "equals"});
    Control control;
    control.place = place;
    const auto text = [&](const char* key) { return optional_of<std::string>(table, key, name, "a text"); };
    try {
        if (const auto input = text("input")) {
            control.input = parse_source(*input);
        }
        if (const auto output = text("output")) {
            control.output = parse_source(*output);
        }
        control.address = text("address").value_or("");
        control.scale = scale_of(table, name);
        control.press = press_of(text("on").value_or("press"), place);
        control.equals = text("equals").value_or("");
        control.step = optional_of<double>(table, "step", name, "a number").value_or(control.step);
        if (const auto soft = text("takeover")) {
            if (*soft != "soft" && *soft != "jump") {
                refuse(place, "takeover '" + *soft + "' must be soft or jump");
            }
            control.soft = *soft == "soft";
        }
        if (const toml::node* const arguments = table.get("args")) {
            if (!arguments->is_array()) {
                refuse(place_of(name, *arguments), "args must be a list");
            }
            for (const toml::node& each : *arguments->as_array()) {
                control.arguments.push_back(json_of(each, place_of(name, each)));
            }
        }
        settle(control);
    } catch (const UsageError& error) {
        const std::string what = error.what();
        throw UsageError{what.starts_with(name) ? what : place + ": " + what};
    }
    return control;
}

/// A fader that reaches four times its level at the end of its way is no good: to 1 where nothing is said.
Scale usual_scale(const Argument& argument) {
    const bool gain = argument.unit == "linear";
    return {argument.low, gain ? std::min(argument.high, 1.0) : argument.high, Curve::linear};
}

void find_conflicts(MidiMap& map) {
    for (std::size_t i = 0; i < map.controls.size(); ++i) {
        for (std::size_t j = i + 1; j < map.controls.size(); ++j) {
            const Control& a = map.controls[i];
            const Control& b = map.controls[j];
            if (a.input && b.input && overlap(*a.input, *b.input)) {
                map.conflicts.push_back(b.place + ": " + b.input->text() + " moves " + b.address + ", but also " +
                                        a.address + " (" + a.place + ")");
            }
        }
    }
}

}  // namespace

void settle(Control& control) {
    const auto resolved = protocol::resolve(control.address);
    control.description = resolved ? resolved->description : protocol::description_of(control.address);
    if (control.description == nullptr) {
        const std::string nearest = protocol::nearest_address(control.address);
        throw UsageError{control.address.empty() ? "the address is missing"
                                                 : "there is no address '" + control.address + "'" +
                                                       (nearest.empty() ? "" : ": did you mean " + nearest + "?")};
    }
    const protocol::Description& description = *control.description;
    if (description.server == protocol::Server::deck && (!resolved || resolved->deck.empty())) {
        throw UsageError{control.address + " must name its deck: /deck/A" + control.address.substr(5)};
    }
    control.selectors = resolved ? resolved->selectors.size() : 0;
    if (!control.equals.empty() || !control.input) {
        if (description.way.role != Role::parameter && description.way.role != Role::question) {
            throw UsageError{control.address + " can't be asked, so nothing can show it: give it an input"};
        }
        control.kind = Control::Kind::lamp;
    }
    if (!control.input && !control.output) {
        throw UsageError{control.address + " needs an input, an output or both"};
    }
    if (control.input && description.way.role != Role::command && description.way.role != Role::parameter &&
        description.way.role != Role::report) {
        throw UsageError{control.address + " can be asked, but not moved"};
    }
    const auto arguments = description.arguments();
    const std::size_t next = control.selectors + control.arguments.size();
    const Argument* const value = next < arguments.size() ? &arguments[next] : nullptr;
    const bool needs_value = value != nullptr && (!value->optional || description.way.role == Role::parameter);
    if (control.kind == Control::Kind::lamp || value == nullptr || !needs_value ||
        value->kind == Argument::Kind::frame) {
        return;
    }
    if (value->kind == Argument::Kind::text) {
        throw UsageError{control.address + " wants a text (" + std::string{value->name} + "): give it in args"};
    }
    control.kind = value->kind == Argument::Kind::flag ? Control::Kind::flag : Control::Kind::value;
    const Scale usual = usual_scale(*value);
    if (!control.scale) {
        control.scale = usual;
    } else if (std::isnan(control.scale->low)) {
        control.scale->low = usual.low;
        control.scale->high = usual.high;
    }
    if (control.kind == Control::Kind::value && (std::min(control.scale->low, control.scale->high) < value->low ||
                                                 std::max(control.scale->low, control.scale->high) > value->high)) {
        std::ostringstream range;
        range << value->low << " to " << value->high;
        throw UsageError{"range goes beyond what " + control.address + " takes: " + range.str()};
    }
}

MidiMap parse_map(std::string_view text, const std::string& name) {
    // The parser recurses: what is nested deeper than any map is no map.
    std::size_t depth = 0;
    std::size_t dots = 0;  // in one line: a dotted key nests, too
    for (const char c : text) {
        depth += c == '[' || c == '{' ? 1U : 0U;
        depth -= (c == ']' || c == '}') && depth > 0 ? 1U : 0U;
        dots = c == '\n' ? 0 : dots + (c == '.' ? 1U : 0U);
        if (depth > most_nesting || dots > most_dots) {
            throw UsageError{name + " is nested too deeply for a map"};
        }
    }
    MidiMap map;
    toml::table document;
    try {
        document = toml::parse(text, name);
    } catch (const toml::parse_error& error) {
        throw UsageError{name + ":" + std::to_string(error.source().begin.line) + ": " +
                         std::string{error.description()}};
    }
    check_keys(document, name, {"device", "lead_ms", "takeover", "control"});
    map.device = optional_of<std::string>(document, "device", name, "a text").value_or("");
    map.lead_ms = optional_of<double>(document, "lead_ms", name, "a number").value_or(0.0);
    const auto takeover = optional_of<std::string>(document, "takeover", name, "soft or jump").value_or("soft");
    if (!(map.lead_ms >= 0.0 && map.lead_ms <= 1000.0) || (takeover != "soft" && takeover != "jump")) {
        refuse(name, "lead_ms must be 0 to 1000, takeover soft or jump");
    }
    map.soft = takeover == "soft";
    if (const toml::node* const controls = document.get("control")) {
        const toml::array* const list = controls->as_array();
        if (list == nullptr || !list->is_array_of_tables()) {
            refuse(place_of(name, *controls), "controls are written [[control]]");
        }
        for (const toml::node& each : *list) {
            map.controls.push_back(control_of(*each.as_table(), name));
        }
    }
    find_conflicts(map);
    return map;
}

MidiMap load_map(const std::filesystem::path& file) {
    std::ifstream input{file};
    std::string text(longest_map + 1, '\0');
    input.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (input.bad() || (!input.is_open())) {
        throw Failure{"cannot read MIDI map " + file.string() + ": is the path right?"};
    }
    text.resize(static_cast<std::size_t>(input.gcount()));
    if (text.size() > longest_map) {
        throw UsageError{file.string() + " is too long for a MIDI map"};
    }
    return parse_map(text, file.filename().string());
}

std::string toml_of(const Control& control) {
    std::ostringstream text;
    text << "\n[[control]]\n";
    if (control.input) {
        text << "input = \"" << control.input->text() << "\"\n";
    }
    text << "address = \"" << control.address << "\"\n";
    if (control.scale && control.kind == Control::Kind::value) {
        constexpr std::array<const char*, 3> curves{"linear", "log", "fader"};
        text << "range = [" << Json(control.scale->low).dump() << ", " << Json(control.scale->high).dump() << "]\n";
        text << "curve = \"" << curves.at(static_cast<std::size_t>(control.scale->curve)) << "\"\n";
    }
    if (control.output) {
        text << "output = \"" << control.output->text() << "\"\n";
    }
    return text.str();
}

std::vector<std::string> conflicts_with(const MidiMap& map, const Source& input, const std::string& address) {
    std::vector<std::string> found;
    for (const Control& each : map.controls) {
        if (each.input && overlap(*each.input, input)) {
            found.push_back(each.input->text() + " already moves " + each.address);
        } else if (each.input && each.address == address && each.arguments.empty()) {
            found.push_back(address + " is already moved by " + each.input->text());
        }
    }
    return found;
}

}  // namespace crowdjack::midi
