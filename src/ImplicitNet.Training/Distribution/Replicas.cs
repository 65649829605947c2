using System.Security.Cryptography;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Distribution;

/// <summary>One model on every rank: made alike, and held to be.</summary>
/// <param name="ranks">The ranks; the caller keeps it.</param>
/// <param name="module">This rank's; on the processor; the caller keeps it.</param>
internal sealed class Replicas(Collective ranks, nn.Module module)
{
    /// <summary>Gives every rank the first one's values.</summary>
    /// <param name="tensors">As many of the same shapes and dtypes on every rank; written into on all but the first.</param>
    public void Broadcast(IEnumerable<Tensor> tensors)
    {
        using IDisposable noGraph = no_grad();
        foreach (Tensor tensor in tensors.Where(tensor => tensor.numel() > 0))
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor dense = tensor.detach().contiguous();
            ranks.Broadcast(dense.bytes);
            if (!ranks.IsFirst)
            {
                tensor.copy_(dense);
            }
        }
    }

    /// <summary>Gives every rank the first one's buffers: statistics of its share of the data are none of the others'.</summary>
    public void BroadcastBuffers() => Broadcast(module.named_buffers().Select(entry => entry.buffer));

    /// <summary>Refuses weights that are not the same on all ranks, bit by bit.</summary>
    /// <param name="step">Steps made, for the message.</param>
    /// <exception cref="CollectiveException">Those of a rank are others than the first one's.</exception>
    public void EnsureEqual(long step)
    {
        byte[][] hashes = ranks.Gather(Hash());
        int other = Array.FindIndex(hashes, hash => !hash.AsSpan().SequenceEqual(hashes[0]));
        if (other > 0)
        {
            throw new CollectiveException(
                $"After step {step} the weights of rank {other} of {ranks.Size} are others than those of rank 0. Ranks must run the same "
                + "program on processors that compute alike, and nothing but the training may change weights on one of them.");
        }
    }

    private byte[] Hash()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string _, Tensor parameter) in module.named_parameters())
        {
            using DisposeScope scope = NewDisposeScope();
            hash.AppendData(parameter.detach().contiguous().bytes);
        }

        return hash.GetHashAndReset();
    }
}
