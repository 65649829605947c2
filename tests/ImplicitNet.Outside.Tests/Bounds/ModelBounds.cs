using ImplicitNet.Models;
using ImplicitNet.Models.FixedPointNetworks;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ImplicitNet.Outside.Tests.Bounds;

/// <summary>The factors of the networks of ImplicitNet.Models, against power iteration on their convolution in float64.</summary>
internal static class ModelBounds
{
    private const int Steps = 100;

    /// <summary>A new network is one line.</summary>
    private static readonly IReadOnlyList<Func<ClassifierOptions>> All =
    [
        () => new DigitClassifierOptions(),
        () => new DigitClassifierOptions { LatentChannels = 4, Gamma = 0.99 },
        () => new DigitClassifierOptions { Height = 9, Width = 12, LatentChannels = 6 },
        () => new ContractiveSvhnFpnOptions(),
        () => new ContractiveCifarFpnOptions(),
        () => new MnistFpnOptions(),
        () => new DigitClassifierOptions { Explicit = true },
    ];

    /// <summary>What is wrong with their factors: new weights, and weights of a few large values as after training.</summary>
    public static IEnumerable<string> Objections()
    {
        foreach (Func<ClassifierOptions> options in All)
        {
            foreach (bool isTrained in new[] { false, true })
            {
                random.manual_seed(7);
                using ImplicitNetwork network = options().CreateNetwork();
                if (Objection(network, options().LatentShape, isTrained) is { } objection)
                {
                    yield return $"{options()}: {objection}";
                }
            }
        }
    }

    private static string? Objection(ImplicitNetwork network, (int Channels, int Height, int Width) latent, bool isTrained)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        if (network.Layer.Operator is not IContraction contraction)
        {
            return null;
        }

        if (network.Layer.Operator is ExplicitOperator)
        {
            return contraction.CertifyFactor() == 0 ? null : "an operator that does not look at u has the factor 0";
        }

        BoundedLayer layer = network.Layer.Operator.modules().OfType<BoundedLayer>().Single();
        foreach (TorchSharp.Modules.Parameter parameter in isTrained ? layer.parameters() : [])
        {
            parameter.mul_(parameter.abs() * 40);
        }

        Tensor weight = layer.NormalizedWeight().to(ScalarType.Float64) * contraction.DeclaredFactor;
        Tensor vector = randn([1, latent.Channels, latent.Height, latent.Width], ScalarType.Float64);
        double norm = 0;
        for (int step = 0; step < Steps; step++)
        {
            Tensor product = functional.conv2d(vector / linalg.vector_norm(vector.flatten()), weight, padding: [1, 1]);
            norm = linalg.vector_norm(product.flatten()).ToDouble();
            vector = functional.conv_transpose2d(product, weight, padding: [1, 1]);
        }

        (double certified, double declared) = (contraction.CertifyFactor(), contraction.DeclaredFactor);
        return certified >= norm && declared >= certified ? null : $"measured {norm:r}, certified {certified:r}, declared {declared:r}";
    }
}
