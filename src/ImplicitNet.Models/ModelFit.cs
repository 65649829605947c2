using ImplicitNet.Files;
using ImplicitNet.Kernels;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>Whether a network is the one that a configuration describes, so that what is loaded later is what was saved.</summary>
internal static class ModelFit
{
    // The same layers give the same numbers but for the kernels that compute them.
    private const double Tolerance = 1e-3;

    /// <summary>
    /// Compares a network with one built from the configuration that is given the same weights: names, shapes and kinds, then Q, R and S on
    /// one input. How it solves is not compared: tolerances are for whoever loads it to choose.
    /// </summary>
    /// <returns>What differs, for a message; null where nothing does. Weights, statistics and random state are as before.</returns>
    public static string? Fault(ModelConfig config, ImplicitNetwork network)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Tensor random = RandomState.Get();
        using ImplicitNetwork described = config.CreateNetwork();
        RandomState.Set(random);
        Dictionary<string, Tensor> weights = network.state_dict();
        if (NamedTensors.Faults(described.state_dict(), weights) is { } faults)
        {
            return $"its tensors are not those of the configuration: {faults}";
        }

        if (weights.Where(weight => !weight.Value.isfinite().all().item<bool>())
            .Select(weight => weight.Key).FirstOrDefault() is { } broken)
        {
            return $"its tensor '{broken}' is not finite";
        }

        Tensor one = weights.Values.First(weight => weight.is_floating_point());
        described.to(one.dtype).to(one.device);
        foreach ((string name, Tensor target) in described.state_dict())
        {
            target.copy_(weights[name]);
        }

        return Compare(described, network, config.Network.TrialInput(one));
    }

    private static string? Compare(ImplicitNetwork described, ImplicitNetwork network, Tensor input)
    {
        bool wasTraining = network.training;
        try
        {
            network.eval();
            described.eval();
            Tensor q = described.Encoder.call(input);
            Tensor u = described.Layer.Operator.StartingLatent(q);
            (string Part, Func<ImplicitNetwork, Tensor> Value)[] parts =
            [
                ("encoder", one => one.Encoder.call(input)),
                ("latent operator", one => Apply(one.Layer.Operator, u, q)),
                ("readout", one => one.Readout.call(u)),
            ];
            return parts.Where(part => !AreAlike(part.Value(described), part.Value(network)))
                .Select(part => $"its {part.Part} computes something else than the configuration's with the same weights")
                .FirstOrDefault();
        }
        finally
        {
            network.train(wasTraining);
        }
    }

    private static Tensor Apply(LatentOperator latentOperator, Tensor u, Tensor q)
    {
        using FixedPointMap map = latentOperator.Bind(q);
        return map.Evaluate(u);
    }

    private static bool AreAlike(Tensor expected, Tensor actual) =>
        expected.shape.AsSpan().SequenceEqual(actual.shape)
        && ((expected - actual).norm() <= (Tolerance * expected.norm())).item<bool>();
}
