using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Networks;

/// <summary>Several latents as one, which a solver takes.</summary>
internal sealed class LatentPack
{
    private readonly Tensor[] _start;
    private readonly LatentTuple _tuple;

    /// <summary>Describes latents like those of a start.</summary>
    /// <exception cref="ArgumentException">There is none, one is no batch of latents, or they do not go together.</exception>
    public LatentPack(Tensor[] start)
    {
        ArgumentNullException.ThrowIfNull(start);
        if (start.Length == 0)
        {
            throw new ArgumentException("At least one latent is needed.", nameof(start));
        }

        for (int i = 0; i < start.Length; i++)
        {
            TensorCheck.EnsureBatch(start[i], nameof(start), $"Latent {i} at the start");
            if (start[i].shape[0] != start[0].shape[0] || start[i].dtype != start[0].dtype || !TensorCheck.IsOnDeviceOf(start[i], start[0]))
            {
                throw new ArgumentException(
                    $"Latent {i} at the start must have the batch, dtype and device of the first, {TensorCheck.Describe(start[0])} on "
                        + $"{start[0].device}. Given: {TensorCheck.Describe(start[i])} on {start[i].device}.",
                    nameof(start));
            }
        }

        _start = start;
        _tuple = new LatentTuple([.. start.Select(latent => latent.shape[1..])]);
    }

    /// <summary>The start: [batch, n], without a graph.</summary>
    public Tensor Start() => _tuple.Pack(_start).detach();

    /// <summary>The function of the one latent.</summary>
    public Func<Tensor, Tensor> Of(Func<Tensor[], Tensor[]> function) => packed => _tuple.Pack(
        function(_tuple.Unpack(packed)) ?? throw new ArgumentException("The function returned null where latents were expected."));

    /// <summary>The latents, in the caller's dispose scope.</summary>
    public Tensor[] Released(Tensor packed) => [.. _tuple.Unpack(packed).Select(latent => latent.MoveToOuterDisposeScope())];
}
