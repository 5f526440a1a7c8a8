// SPDX-License-Identifier: GPL-3.0-or-later
// The described addresses as a tree, in the words of the OSCQuery proposal. Pure.
#pragma once

#include "common/protocol/description.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crowdjack::web {

using Json = nlohmann::json;

/// One address of the tree, as a controller sends it to the door: its selectors stand in it, or (of the mixer's
/// addresses as they are documented) come as its first arguments.
struct OscNode {
    std::string path;
    const protocol::Description* description{};
    std::size_t selectors{};  ///< of its arguments: those that the path holds already

    /// The arguments that a sender gives, without those that may be omitted.
    [[nodiscard]] std::vector<const protocol::Argument*> arguments() const;
    [[nodiscard]] std::string type() const;  ///< TYPE: `f`, `sf`, `T`; empty when it takes nothing
    [[nodiscard]] bool readable() const;     ///< it can be asked for its value
    [[nodiscard]] bool writable() const;
};

/// What may stand for selectors.
struct Surroundings {
    std::vector<std::string> decks;   ///< A, B, …
    std::vector<std::string> strips;  ///< A, B, …, mic
};

class OscTree {
public:
    explicit OscTree(const Surroundings& surroundings);

    /// The node at exactly that path; null where there is only a branch, or nothing.
    [[nodiscard]] const OscNode* node(std::string_view path) const;
    /// All at and below `path`, in order.
    [[nodiscard]] std::vector<const OscNode*> below(std::string_view path) const;
    /// Whether there is a node or a branch.
    [[nodiscard]] bool has(std::string_view path) const;

    using Values = std::map<std::string, Json>;  ///< VALUE by path, where known
    /// The document of that path and all below.
    [[nodiscard]] Json document(std::string_view path, const Values& values) const;
    /// One attribute of a path, as `{"VALUE":[…]}`; nothing when the path has none such.
    [[nodiscard]] std::optional<Json> attribute(std::string_view path, const std::string& name,
                                                const Values& values) const;

    [[nodiscard]] static bool is_attribute(std::string_view name);

private:
    void add(const protocol::Description& description, const Surroundings& surroundings);

    std::map<std::string, OscNode, std::less<>> nodes_;
};

/// The VALUE of a node from an answer to its question: as many values as its TYPE has, of those types.
[[nodiscard]] Json value_of(const OscNode& node, const std::vector<Json>& answer);

}  // namespace crowdjack::web
