using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// A module that applies its parts one after the other. Elementwise activations whose Lipschitz constant is at most 1 may stand anywhere
/// between and behind them.
/// </summary>
internal interface IModuleSequence
{
    /// <summary>In the order in which they are applied, with their names in the module.</summary>
    IReadOnlyList<(string Name, nn.Module Module)> Parts { get; }

    /// <summary>Whether the input, or a part of it that is no longer, is added to what the last part gives; default false.</summary>
    bool PassesInput => false;
}
