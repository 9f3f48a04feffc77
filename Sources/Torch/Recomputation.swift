import CTorch

extension Tensor {
    /// `block` of this tensor, of which only this tensor is kept: the backward pass makes what happens inside again, with the
    /// same random numbers, and so takes one more forward pass (Chen et al., arXiv 1604.06174).
    ///
    /// It goes with ``backward(_:retainGraph:)`` alone: the block's parameters accumulate their gradients there, and
    /// ``gradients(of:weightedBy:withRespectTo:retainGraph:createGraph:)`` does not see them.
    ///
    /// - Parameter block: without side effects; the backward pass may call it on a thread of libtorch's.
    public func recomputing(
        _ block: @escaping @Sendable (Tensor) throws(TorchError) -> Tensor
    ) throws(TorchError) -> Tensor {
        guard ct_grad_enabled() else { return try block(self) }
        let context = Unmanaged.passRetained(Block(block)).toOpaque()
        return try operation("recomputing", [self]) { ct_recompute(handle, context, Block.call, Block.release, $0) }
    }
}

/// A closure that C++ holds.
private final class Block: Sendable {
    let body: @Sendable (Tensor) throws(TorchError) -> Tensor

    init(_ body: @escaping @Sendable (Tensor) throws(TorchError) -> Tensor) { self.body = body }

    /// The message of what is thrown stays the thread's last one.
    static let call: ct_block = { context, input, output in
        guard let context, let input else { return CT_FAILED }
        let block = Unmanaged<Block>.fromOpaque(context).takeUnretainedValue()
        do throws(TorchError) {
            let result = try block.body(Tensor(owning: input))
            return withExtendedLifetime(result) { ct_retain(result.handle, output) }
        } catch {
            return error.kind == .outOfMemory ? CT_OUT_OF_MEMORY : CT_FAILED
        }
    }

    static let release: ct_release = { context in
        if let context { Unmanaged<Block>.fromOpaque(context).release() }
    }
}
