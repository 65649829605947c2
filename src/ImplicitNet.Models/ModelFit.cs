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
    public static string? Fault(NetworkConfig config, nn.Module<Tensor, Tensor> network)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Tensor random = RandomState.Get();
        using nn.Module<Tensor, Tensor> described = config.CreateNetwork();
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

        return described.GetType() == network.GetType()
            ? Compare(described, network, config.Options.TrialInput(one))
            : $"it is a {network.GetType().Name}, and the configuration's is a {described.GetType().Name}";
    }

    private static string? Compare(nn.Module<Tensor, Tensor> described, nn.Module<Tensor, Tensor> network, Tensor input)
    {
        bool wasTraining = network.training;
        try
        {
            network.eval();
            described.eval();
            return Values(described, input).Zip(Values(network, input)).Where(pair => !AreAlike(pair.First.Value, pair.Second.Value))
                .Select(pair => $"{pair.First.Part} computes something else than the configuration's with the same weights")
                .FirstOrDefault();
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            return $"it cannot answer what the configuration's can: {exception.Message}";
        }
        finally
        {
            network.train(wasTraining);
        }
    }

    private static IEnumerable<(string Part, Tensor Value)> Values(nn.Module<Tensor, Tensor> network, Tensor input)
    {
        if (network is not ImplicitNetwork parts)
        {
            yield return ("it", network.call(input));
            yield break;
        }

        Tensor q = parts.Encoder.call(input);
        yield return ("its encoder", q);
        Tensor u = parts.Layer.Operator.StartingLatent(q);
        yield return ("its latent operator", Apply(parts.Layer.Operator, u, q));
        yield return ("its readout", parts.Readout.call(u));
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
