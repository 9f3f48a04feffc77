extension Raster where Sample == UInt8 {
    /// The image at another size, antialiased.
    /// - Precondition: the size is positive.
    public func resized(to newSize: ImageSize) -> Raster {
        guard newSize != size else { return self }
        let channels = color.channels
        let count = newSize.height * newSize.width * channels
        let output = [UInt8](unsafeUninitializedCapacity: count) { target, initializedCount in
            samples.withUnsafeBufferPointer { source in
                guard let source = source.baseAddress, let target = target.baseAddress else { return }
                Resampling(CropWindow(size), to: newSize).apply(
                    source, size, channels: channels, .interleaved, to: target)
            }
            initializedCount = count
        }
        return Raster(size: newSize, color: color, samples: output)
    }

    /// Copies [H, W, C] to [C, H, W].
    func copyPlanes(to target: UnsafeMutablePointer<UInt8>) {
        let (area, channels) = (size.height * size.width, color.channels)
        samples.withUnsafeBufferPointer { samples in
            for channel in 0..<channels {
                for position in 0..<area { target[channel * area + position] = samples[position * channels + channel] }
            }
        }
    }
}

extension CropWindow {
    /// This window of planes [C, H, W], brought to the whole's size.
    func filling(_ planes: UnsafePointer<UInt8>, channels: Int, _ size: ImageSize) -> [UInt8] {
        let count = channels * size.height * size.width
        return [UInt8](unsafeUninitializedCapacity: count) { target, initializedCount in
            if let target = target.baseAddress {
                Resampling(self, to: size).apply(planes, size, channels: channels, .planar, to: target)
            }
            initializedCount = count
        }
    }
}
