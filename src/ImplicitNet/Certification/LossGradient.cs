using ImplicitNet.Differentiation;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Certification;

/// <summary>
/// What the loss sends back: g = dl/du* to the latents, and past them to the parameters of the readout. The readout runs once,
/// so that its dropout masks are the same for every gradient that is compared.
/// </summary>
internal sealed class LossGradient
{
    private readonly Tensor _losses;

    /// <summary>Evaluates the readout and the losses, and differentiates their mean over the samples that count.</summary>
    /// <param name="network">Its readout is used.</param>
    /// <param name="latent">[batch, ...], in any graph or none.</param>
    /// <param name="losses">From the outputs to one loss a sample.</param>
    /// <param name="report">Of the solve.</param>
    /// <param name="counts">Which samples count.</param>
    public LossGradient(ImplicitNetwork network, Tensor latent, Func<Tensor, Tensor> losses, SolveReport report, bool[] counts)
    {
        Tensor point = latent.detach().requires_grad_();
        Parameters = (Tensor[])[.. network.Readout.parameters().Where(parameter => parameter.requires_grad)];
        _losses = losses(ForeignModule.Call(network.Readout, point, "readout"))
            ?? throw new ArgumentException("The losses are null.", nameof(losses));
        using ImplicitResult result = new(point.alias(), point.alias(), report, new GradientReport(), counts);
        Tensor loss = result.Average(_losses);
        if (!loss.requires_grad)
        {
            throw new ArgumentException("The losses do not depend on the outputs, or gradients were disabled in between.", nameof(losses));
        }

        IReadOnlyList<Tensor?> products = VectorProducts.TransposeProducts(loss, [point, .. Parameters], ones_like(loss));
        Tensor mask = tensor(counts, device: latent.device).reshape([counts.Length, .. Enumerable.Repeat(1L, (int)latent.ndim - 1)]);
        Latents = products[0] is { } g ? where(mask, g, zeros_like(g)).detach() : zeros_like(point).detach();
        Readout = [.. products.Skip(1)];
        Scale = 1.0 / Math.Max(1, counts.Count(value => value));
    }

    /// <summary>g: [batch, ...], zeros for a sample that does not count.</summary>
    public Tensor Latents { get; }

    /// <summary>The readout's parameters.</summary>
    public IReadOnlyList<Tensor> Parameters { get; }

    /// <summary>What the loss sends to them.</summary>
    public IReadOnlyList<Tensor?> Readout { get; }

    /// <summary>The weight of one sample in the mean.</summary>
    private double Scale { get; }

    /// <summary>What one sample has in <see cref="Readout"/>.</summary>
    public IReadOnlyList<Tensor?> ReadoutOf(int sample)
    {
        Tensor loss = _losses[sample] * Scale;
        return VectorProducts.TransposeProducts(loss, Parameters, ones_like(loss));
    }
}
