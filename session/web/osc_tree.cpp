// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/web/osc_tree.hpp"

#include <algorithm>
#include <array>

namespace crowdjack::web {

namespace {

using protocol::Argument;
using protocol::Description;
using protocol::Role;

std::vector<std::string> split(std::string_view list) {
    std::vector<std::string> parts;
    while (!list.empty()) {
        const std::size_t bar = std::min(list.find('|'), list.size());
        parts.emplace_back(list.substr(0, bar));
        list.remove_prefix(std::min(list.size(), bar + 1));
    }
    return parts;
}

/// What may stand for `{name}` in the form of an address.
std::vector<std::string> choices_of(const Description& description, std::string_view name,
                                    const Surroundings& surroundings) {
    if (name == "deck") {
        return surroundings.decks;
    }
    if (name == "strip") {
        return surroundings.strips;
    }
    const auto arguments = description.arguments();
    const auto found =
        std::find_if(arguments.begin(), arguments.end(), [name](const Argument& each) { return each.name == name; });
    if (found == arguments.end()) {
        return {};
    }
    std::vector<std::string> choices = split(found->choices);
    for (int i = static_cast<int>(found->low);
         choices.size() < 64 && found->kind == Argument::Kind::whole && i <= static_cast<int>(found->high); ++i) {
        choices.push_back(std::to_string(i));
    }
    return choices;
}

/// Every path that the form stands for.
std::vector<std::string> paths_of(const Description& description, const Surroundings& surroundings) {
    std::vector<std::string> paths{""};
    std::string_view form = description.form;
    while (!form.empty()) {
        const std::size_t begin = std::min(form.find('{'), form.size());
        for (std::string& path : paths) {
            path += form.substr(0, begin);
        }
        form.remove_prefix(begin);
        if (form.empty()) {
            break;
        }
        const std::size_t end = form.find('}');
        std::vector<std::string> longer;
        for (const std::string& choice : choices_of(description, form.substr(1, end - 1), surroundings)) {
            for (const std::string& path : paths) {
                longer.push_back(path + choice);
            }
        }
        paths = std::move(longer);
        form.remove_prefix(end + 1);
    }
    return paths;
}

char type_of(const Argument& argument) { return argument.kind == Argument::Kind::frame ? 'i' : argument.tag; }

Json range_of(const Argument& argument) {
    switch (argument.kind) {
    case Argument::Kind::number:
    case Argument::Kind::whole:
        return {{"MIN", argument.low}, {"MAX", argument.high}};
    case Argument::Kind::flag:
        return {{"VALS", {false, true}}};
    case Argument::Kind::text:
        return argument.choices.empty() ? Json() : Json{{"VALS", split(argument.choices)}};
    case Argument::Kind::frame:
        break;
    }
    return nullptr;
}

std::string_view parent_of(std::string_view path) { return path.substr(0, path.rfind('/')); }

std::string types_of(const Json& values) {
    std::string types;
    for (const Json& value : values) {
        types += value.is_string()           ? 's'
                 : value.is_boolean()        ? 'T'
                 : value.is_number_integer() ? 'i'
                 : value.is_null()           ? 'N'
                                             : 'd';
    }
    return types;
}

Json attributes_of(const OscNode& node, const OscTree::Values& values) {
    Json document = {{"FULL_PATH", node.path},
                     {"DESCRIPTION", std::string{node.description->sentence}},
                     {"ACCESS", (node.readable() ? 1 : 0) + (node.writable() ? 2 : 0)}};
    const std::string type = node.type();
    if (!type.empty()) {
        document["TYPE"] = type;
    }
    Json ranges = Json::array();
    Json units = Json::array();
    Json clips = Json::array();
    for (const Argument* const argument : node.arguments()) {
        ranges.push_back(range_of(*argument));
        units.push_back(std::string{argument->unit});
        clips.push_back(argument->held ? "both" : "none");
    }
    if (!ranges.empty()) {
        document["RANGE"] = std::move(ranges);
        document["UNIT"] = std::move(units);
        document["CLIPMODE"] = std::move(clips);
    }
    document["USAGE"] = node.description->usage();
    if (const auto value = values.find(node.path); value != values.end()) {
        document["VALUE"] = value->second;
        if (node.description->way.role == Role::question) {
            document["TYPE"] = types_of(value->second);
        }
    }
    return document;
}

}  // namespace

std::vector<const Argument*> OscNode::arguments() const {
    std::vector<const Argument*> needed;
    const auto all = description->arguments();
    for (std::size_t i = selectors; i < all.size(); ++i) {
        if (!all[i].optional) {
            needed.push_back(&all[i]);
        }
    }
    return needed;
}

std::string OscNode::type() const {
    std::string types;
    for (const Argument* const argument : arguments()) {
        types += type_of(*argument);
    }
    const bool pressed = types.empty() && writable();
    return pressed ? "T" : types;  // a button: true presses it
}

bool OscNode::readable() const {
    const Role role = description->way.role;
    const bool named = selectors == description->selectors();
    return role == Role::event || role == Role::question || (role == Role::parameter && named);
}

bool OscNode::writable() const {
    const Role role = description->way.role;
    return role == Role::command || role == Role::parameter || role == Role::report;
}

OscTree::OscTree(const Surroundings& surroundings) {
    for (const Description& description : protocol::descriptions()) {
        add(description, surroundings);
    }
}

void OscTree::add(const Description& description, const Surroundings& surroundings) {
    if (description.way.pending) {
        return;  // nobody understands it yet
    }
    for (const std::string& path : paths_of(description, surroundings)) {
        nodes_.emplace(path, OscNode{path, &description, description.selectors()});
    }
    const bool of_a_deck = description.form.starts_with("/deck/{deck}");
    if (description.form != description.address && !of_a_deck) {
        nodes_.emplace(std::string{description.address}, OscNode{std::string{description.address}, &description, 0});
    }
}

const OscNode* OscTree::node(std::string_view path) const {
    const auto found = nodes_.find(path);
    return found == nodes_.end() ? nullptr : &found->second;
}

std::vector<const OscNode*> OscTree::below(std::string_view path) const {
    std::vector<const OscNode*> found;
    const std::string branch = path == "/" ? "/" : std::string{path} + "/";
    for (const auto& [name, node] : nodes_) {
        if (name == path || name.starts_with(branch)) {
            found.push_back(&node);
        }
    }
    return found;
}

bool OscTree::has(std::string_view path) const { return !below(path).empty(); }

Json OscTree::document(std::string_view path, const Values& values) const {
    Json root = {{"FULL_PATH", std::string{path}}, {"ACCESS", 0}};
    // In order, so every parent is there before its children.
    std::map<std::string, Json*, std::less<>> made{{std::string{path}, &root}};
    const auto branch_of = [&made](auto&& self, std::string_view branch) -> Json& {
        if (const auto found = made.find(branch); found != made.end()) {
            return *found->second;
        }
        const std::string_view parent = parent_of(branch);
        Json& above = self(self, parent.empty() ? std::string_view{"/"} : parent);
        Json& here = above["CONTENTS"][std::string{branch.substr(branch.rfind('/') + 1)}];
        here = {{"FULL_PATH", std::string{branch}}, {"ACCESS", 0}};
        made.emplace(std::string{branch}, &here);
        return here;
    };
    for (const OscNode* const node : below(path)) {
        branch_of(branch_of, node->path).update(attributes_of(*node, values));
    }
    return root;
}

std::optional<Json> OscTree::attribute(std::string_view path, const std::string& name, const Values& values) const {
    const OscNode* const found = node(path);
    const Json all =
        found != nullptr ? attributes_of(*found, values) : Json{{"FULL_PATH", std::string{path}}, {"ACCESS", 0}};
    const auto attribute = all.find(name);
    return attribute == all.end() ? std::nullopt : std::optional{Json{{name, *attribute}}};
}

bool OscTree::is_attribute(std::string_view name) {
    constexpr std::array<std::string_view, 10> known{"FULL_PATH",   "CONTENTS", "TYPE",     "ACCESS", "RANGE",
                                                     "DESCRIPTION", "VALUE",    "CLIPMODE", "UNIT",   "USAGE"};
    return std::find(known.begin(), known.end(), name) != known.end();
}

Json value_of(const OscNode& node, const std::vector<Json>& answer) {
    if (node.description->way.role == Role::question) {
        return answer;
    }
    const auto arguments = node.arguments();
    const std::size_t wanted = std::max<std::size_t>(1, arguments.size());
    Json value = Json::array();
    for (std::size_t i = 0; i < std::min(wanted, answer.size()); ++i) {
        const bool flag = i < arguments.size() && arguments[i]->kind == Argument::Kind::flag;
        value.push_back(flag && answer[i].is_number() ? Json(answer[i].get<double>() != 0.0) : answer[i]);
    }
    return value;
}

}  // namespace crowdjack::web
