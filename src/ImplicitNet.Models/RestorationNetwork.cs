using ImplicitNet.Networks;
using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>
/// A network that restores images from measurements <c>y = A x + noise</c>: its latent is the image, and R, a
/// <see cref="RestorationOperator"/>, goes by turns towards what was measured and through a learned denoiser.
/// </summary>
/// <remarks>
/// Input: [batch, channels, ...] float32, as the measurement gives it; output: [batch, channels, height, width], nothing is cut to a range.
/// The bounded denoiser is a sequence of <see cref="ConvexPotential"/> layers, bounded for images of every size, and so R is a certified
/// contraction, whatever the weights: there is one fixed point for every measurement. The free one is an ordinary residual network, of
/// which nothing is known: solves may not converge, which their statuses say. Plug-and-play restoration as a fixed point:
/// Venkatakrishnan, Bouman and Wohlberg, 2013; trained through it: Gilton, Ongie and Willett, "Deep equilibrium architectures for inverse
/// problems in imaging", 2021.
/// </remarks>
public static class RestorationNetwork
{
    /// <summary>Creates the network, with weights drawn from torch's random state.</summary>
    /// <param name="options">Sizes; default: colour images under a Gaussian blur.</param>
    /// <returns>The network, with a relative tolerance of 1e-3. The caller owns it.</returns>
    /// <exception cref="ArgumentException">The step needs a proximal map, and the measurement has none.</exception>
    public static ImplicitNetwork Create(RestorationOptions? options = null)
    {
        options ??= new RestorationOptions();
        options.EnsureSize();
        options.EnsureFits();

        // For the tensors that torch's layers leave behind when they draw their weights; the weights themselves stay.
        using DisposeScope scope = NewDisposeScope();
        return options.Join(nn.Identity(), options.Denoiser == RestorationOptions.Free ? Free(options) : Bounded(options), nn.Identity());
    }

    private static nn.Module<Tensor, Tensor>? Guide(RestorationOptions options) =>
        MeasurementGuide.Create(options.Channels, options.GuideChannels);

    private static BoundedRestorationOperator Bounded(RestorationOptions options)
    {
        BoundedModule[] layers = [.. Enumerable.Range(0, options.Layers).Select(_ =>
            new ConvexPotential(options.Channels, options.HiddenChannels, options.KernelSize))];
        return new BoundedRestorationOperator(
            options.CreateMeasurement(), new BoundedSequence(layers), options.Gamma, options.CreateStep(),
            guide: Guide(options));
    }

    private static ModuleRestorationOperator Free(RestorationOptions options)
    {
        nn.Module<Tensor, Tensor>[] blocks = [.. Enumerable.Range(0, options.Layers).Select(_ =>
            new DenoiserBlock(options.Channels, options.HiddenChannels, options.KernelSize))];
        return new ModuleRestorationOperator(
            options.CreateMeasurement(), nn.Sequential(blocks), options.CreateStep(), guide: Guide(options));
    }
}
