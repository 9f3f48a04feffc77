import Testing

@testable import Datasets

@Suite struct DigitsCSVTests {
    private func row(_ label: Int, shift: Int = 0) -> String {
        ((0..<64).map { ($0 + shift) % 17 } + [label]).map(String.init).joined(separator: ",")
    }

    @Test("rows become images of 8×8 pixels, compressed or not, with any line ending")
    func load() throws {
        let folder = try TemporaryFolder()
        let text = row(3) + "\n" + row(9, shift: 5) + "\n"
        let plain = try DigitsCSV.load(folder.write("digits.csv", text: text))
        #expect(plain.labels == [3, 9])
        #expect(plain.pixels.prefix(64).elementsEqual((0..<64).map { $0 % 17 }))
        #expect(plain.pixels.dropFirst(64).elementsEqual((0..<64).map { ($0 + 5) % 17 }))
        #expect(plain.fullIntensity == 16)
        #expect(try plain.collate([0], view: .plain).shape == [1, 1, 8, 8])
        #expect(try plain.collate([0], view: .plain).pixels[16] == 1)
        let windows = try folder.write("windows.csv", text: text.replacing("\n", with: "\r\n"))
        for file in [windows, try folder.write("digits.csv.gz", gzip(Array(text.utf8)))] {
            #expect(try DigitsCSV.load(file).fingerprint == plain.fingerprint)
        }
    }

    @Test("bad rows are refused in one sentence that names the line")
    func messages() throws {
        let folder = try TemporaryFolder()
        func message(_ text: String) throws -> String? {
            let file = try folder.write("digits.csv", text: text)
            return folder.message { try DigitsCSV.load(file) }
        }
        #expect(try message("") == "digits.csv: found no examples, expected at least one")
        #expect(try message(row(1) + "\n1,2,3\n") == "digits.csv:2: found 3 columns, expected 65")
        #expect(try message(row(1) + "\n\n" + row(1)) == "digits.csv:2: found 1 columns, expected 65")
        #expect(
            try message(row(1).replacing("0,1,2,", with: "0,x,2,"))
                == "digits.csv:1: found \"x\" in column 2, expected a whole number")
        #expect(
            try message(row(1) + "\n" + row(1).replacing("3,4,5", with: "3,17,5"))
                == "digits.csv:2: found \"17\" in column 5, expected 0...16")
        #expect(try message(row(1) + "\n" + row(10)) == "digits.csv: found label 10 in record 1, expected 0...9")
        #expect(
            folder.message { try DigitsCSV.load(folder.path + "/none.csv") }
                == "none.csv: found nothing there, expected a CSV file of digits, perhaps with gzip")
    }
}

@Suite struct CIFAR10Tests {
    private func record(_ label: UInt8, _ value: UInt8) -> [UInt8] {
        [label] + (0..<3).flatMap { plane in [UInt8](repeating: value + plane * 10, count: 1024) }
    }

    @Test("the five batches of the training part come in order, planes as they are")
    func load() throws {
        let folder = try TemporaryFolder()
        for batch in 1...5 {
            try folder.write("data_batch_\(batch).bin", record(UInt8(batch), UInt8(batch)) + record(9, 100))
        }
        try folder.write("test_batch.bin", record(0, 7))
        let train = try CIFAR10.load(folder.path, part: .train)
        #expect(train.labels == [1, 9, 2, 9, 3, 9, 4, 9, 5, 9])
        #expect(train.pixels.count == 10 * 3072)
        #expect([0, 1023, 1024, 2048, 3072].map { train.pixels[$0] } == [1, 1, 11, 21, 100])
        let test = try CIFAR10.load(folder.path + "/", part: .test)
        #expect(test.count == 1 && test.pixels[0] == 7 && test.classNames == train.classNames)
    }

    @Test("bad batches are refused in one sentence that names the file and record")
    func messages() throws {
        let folder = try TemporaryFolder()
        func message(_ bytes: [UInt8]) throws -> String? {
            try folder.write("test_batch.bin", bytes)
            return folder.message { try CIFAR10.load(folder.path, part: .test) }
        }
        #expect(
            folder.message { try CIFAR10.load(folder.path, part: .train) }
                == "data_batch_1.bin: found nothing there, expected a binary batch of CIFAR-10")
        #expect(
            try message(record(1, 1) + [1, 2])
                == "test_batch.bin: found a truncated file of 3075 bytes, expected a whole number of records of 3073 bytes"
        )
        #expect(
            try message(record(1, 1) + record(10, 1)) == "test_batch.bin: found label 10 in record 1, expected 0...9")
        #expect(try message([])?.hasSuffix(": found no examples, expected at least one") == true)
    }
}

@Suite struct IDXTests {
    private let images =
        [0, 0, 8, 3] + bigEndian(2) + bigEndian(2) + bigEndian(3) + [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    private let labels = [0, 0, 8, 1] + bigEndian(2) + [7, 0]

    @Test("images and labels are read, compressed or not")
    func load() throws {
        let folder = try TemporaryFolder()
        let plain = try IDX.load(images: folder.write("i", images), labels: folder.write("l", labels))
        #expect(plain.size == ImageSize(height: 2, width: 3))
        #expect(plain.pixels == Array(1...12))
        #expect(plain.labels == [7, 0])
        #expect(plain.classNames.count == 10)
        let compressed = try IDX.load(
            images: folder.write("i.gz", gzip(images)), labels: folder.write("l.gz", gzip(labels)))
        #expect(compressed.fingerprint == plain.fingerprint)
    }

    @Test("bad files are refused in one sentence that names what was found and expected")
    func messages() throws {
        let folder = try TemporaryFolder()
        func message(images: [UInt8]? = nil, labels: [UInt8]? = nil, classNames: [String] = ["a", "b"]) throws
            -> String?
        {
            let imageFile = try folder.write("images", images ?? self.images)
            let labelFile = try folder.write("labels", labels ?? self.labels)
            return folder.message { try IDX.load(images: imageFile, labels: labelFile, classNames: classNames) }
        }
        #expect(
            try message(images: labels) == "images: found the magic number 0x00000801, expected 0x00000803 (IDX)")
        #expect(try message(images: []) == "images: found a truncated file of 0 bytes, expected a header of 16 bytes")
        #expect(
            try message(images: [0, 0, 8]) == "images: found a truncated file of 3 bytes, expected a header of 16 bytes"
        )
        #expect(
            try message(images: images.dropLast())
                == "images: found a truncated file of 27 bytes, expected 28 bytes from its header")
        #expect(try message(images: images + [0]) == "images: found 29 bytes, expected 28 from its header")
        let endless = [0, 0, 8, 3] + [UInt8](repeating: 255, count: 12)
        #expect(
            try message(images: endless)
                == "images: found a truncated file of 16 bytes, expected 79228162458924105385300197391 bytes from its header"
        )
        #expect(
            try message(labels: [0, 0, 8, 1] + bigEndian(1) + [0])
                == "labels: found 1 labels, expected 2, one for each image in images")
        #expect(try message() == "labels: found label 7 in record 0, expected 0...1")
        #expect(
            try message(
                images: [0, 0, 8, 3] + bigEndian(0) + bigEndian(2) + bigEndian(3), labels: [0, 0, 8, 1] + bigEndian(0))
                == "images: found no examples, expected at least one")
        #expect(
            folder.message { try IDX.load(images: folder.path + "/none", labels: folder.path + "/labels") }
                == "none: found nothing there, expected an IDX file, perhaps with gzip")
        #expect(
            folder.message { try IDX.load(images: folder.path + "/.", labels: folder.path + "/labels") }
                == ".: found something unreadable (Is a directory), expected a readable file or folder")
    }
}
