using ImplicitNet.Operators;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>
/// Modules one after the other, as torch's Sequential and with the same names, but a convolution and the batch normalisation right behind
/// it are one <see cref="NormalizedConvolution"/>.
/// </summary>
internal sealed class ConvolutionalSequence : nn.Module<Tensor, Tensor>, IModuleSequence
{
    private readonly IReadOnlyList<nn.Module<Tensor, Tensor>> _modules;

    /// <summary>Owns the modules from now on.</summary>
    public ConvolutionalSequence(params IReadOnlyList<(string Name, nn.Module<Tensor, Tensor> Module)> modules)
        : base(nameof(ConvolutionalSequence))
    {
        _modules = [.. modules.Select(entry => entry.Module)];
        foreach ((string name, nn.Module<Tensor, Tensor> module) in modules)
        {
            register_module(name, module);
        }
    }

    /// <inheritdoc/>
    IReadOnlyList<(string Name, nn.Module Module)> IModuleSequence.Parts => [.. named_children()];

    public override Tensor forward(Tensor input)
    {
        using TorchSharp.DisposeScope scope = NewDisposeScope();
        Tensor x = input;
        for (int place = 0; place < _modules.Count; place++)
        {
            bool isPair = _modules[place] is Conv2d && place + 1 < _modules.Count && _modules[place + 1] is BatchNorm;
            Tensor next = isPair
                ? NormalizedConvolution.Call((Conv2d)_modules[place], (BatchNorm)_modules[++place], x)
                : _modules[place].call(x);
            if (!ReferenceEquals(x, input))
            {
                x.Dispose();
            }

            x = next;
        }

        return x.MoveToOuterDisposeScope();
    }
}
