import Datasets

/// One pass over a folder of images, from the files to normalised batches, as the first epoch of a run makes it.
enum LoaderPass {
    static let batchSize = 64
    static let side = 112

    /// - Returns: the mean of all values, by which the two sides are checked against each other.
    static func run(_ folder: String) throws -> Pass {
        try Pass {
            let images = try ImageFolder.load(folder, resizedTo: ImageSize(height: side, width: side))
            let numbers = Array(0..<Int32(images.count))
            let batches = stride(from: 0, to: numbers.count, by: batchSize).map {
                Array(numbers[$0..<min($0 + batchSize, numbers.count)])
            }
            let loader = BatchLoader(images, batches: batches, view: .plain)
            var (sum, count) = (0.0, 0)
            while let batch = try loader.next() {
                // One value of each image: a reader that touches its batch, no more.
                let stride = batch.content.pixels.count / batch.content.count
                for image in 0..<batch.content.count { sum += Double(batch.content.pixels[image * stride]) }
                count += batch.content.count
            }
            return sum / Double(count)
        }
    }
}
