using ImplicitNet.Networks;
using ImplicitNet.Operators;
using static TorchSharp.torch;

namespace ImplicitNet.Models.FixedPointNetworks;

/// <summary>The names that the published weight files give to the tensors of a network.</summary>
internal static class PublishedNames
{
    /// <summary>The encoder's module that holds what the files have and the networks never apply.</summary>
    public const string Unused = "unused";

    // What stands before the published name in our own: the longer first.
    private static readonly string[] Prefixes =
        [$"encoder.{Unused}.", "encoder.", "latent.operator.operator.module.", "latent.operator.module.", "readout."];

    /// <summary>
    /// The network's parameters and buffers by their published names; those of a network that was never published by the
    /// names that it has.
    /// </summary>
    /// <returns>The tensors themselves: the network's.</returns>
    public static Dictionary<string, Tensor> Of(ImplicitNetwork network)
    {
        Dictionary<string, Tensor> own = network.state_dict();
        LatentOperator latentOperator = network.Layer.Operator is ExplicitOperator twin ? twin.Operator : network.Layer.Operator;
        return latentOperator is CoupledModuleOperator ? own.ToDictionary(tensor => Published(tensor.Key), tensor => tensor.Value) : own;
    }

    /// <summary>How many latent layers the tensors of a published file are for.</summary>
    public static int LatentLayers(IEnumerable<string> names) =>
        names.Where(name => name.StartsWith("latent_convs.", StringComparison.Ordinal)).Select(name => name.Split('.')[1]).Distinct().Count(
            );

    private static string Published(string name) =>
        Array.Find(Prefixes, prefix => name.StartsWith(prefix, StringComparison.Ordinal)) is { } found ? name[found.Length..] : name;
}
