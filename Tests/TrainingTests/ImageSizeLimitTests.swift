import Testing

@testable import Training

@Suite("Sizes of images in recipes") struct ImageSizeLimitTests {
    @Test(
        "a size that no image may have is refused by name",
        arguments: ["scenes, count: 8", "multimodal, path: nowhere"],
        [0, 16385, 1 << 40])
    func refused(data: String, size: Int) {
        let yaml = """
            name: street
            data: {kind: \(data), image_size: \(size)}
            model: {kind: multimae}
            training: {epochs: 1}
            """
        let error = #expect(throws: RecipeError.self) { try Recipe(yaml: yaml, source: "r.yaml") }
        #expect(error?.description == "r.yaml: data.image_size is \(size), expected 1 to 16384")
    }
}
