import ArgumentParser
import Training

struct Recipes: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists the bundled recipes and how long they take, or prints one to start from.")

    @Argument(
        help: "The recipe to print as YAML [default: lists all].", completion: .list(BundledRecipe.all.map(\.name)))
    var name: String?

    @Flag(help: "Prints the names alone, one a line.")
    var names = false

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard let name, BundledRecipe.named(name) == nil else { return }
        throw ValidationError(
            "there is no bundled recipe '\(name)', expected one of "
                + BundledRecipe.all.map(\.name).joined(separator: ", "))
    }

    func run() throws {
        if let recipe = name.flatMap({ BundledRecipe.named($0) }) {
            return try output.show([("name", .text(recipe.name)), ("yaml", .text(recipe.text))]) { recipe.text }
        }
        if names {
            let names = BundledRecipe.all.map(\.name)
            return try output.show([("names", .list(names.map { .text($0) }))]) { names.joined(separator: "\n") }
        }
        let recipes = BundledRecipe.all.map { recipe -> OutputOptions.Value in
            .object([
                ("name", .text(recipe.name)), ("about", .text(recipe.about)),
                ("expected_seconds", .number(recipe.expectedSeconds)),
            ])
        }
        try output.show([("recipes", .list(recipes))]) { listing }
    }

    private var listing: String {
        let width = BundledRecipe.all.map(\.name.count).max() ?? 0
        let lines = BundledRecipe.all.map { recipe in
            "\(recipe.name.padding(toLength: width, withPad: " ", startingAt: 0))  \(recipe.about), about "
                + Self.duration(recipe.expectedSeconds)
        }
        return lines.joined(separator: "\n") + """


            Times are of one run on one thread of an AMD EPYC (Zen 5). Next: attent compare digits; or
            attent recipes NAME > recipe.yaml, to change one and then attent train recipe.yaml
            """
    }

    private static func duration(_ seconds: Double) -> String {
        seconds < 60 ? "\(Int(seconds)) seconds" : "\(Int((seconds / 60).rounded())) min"
    }
}
