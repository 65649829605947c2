using ImplicitNet.Flows;
using ImplicitNet.Solvers;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>A field made of any module that treats every sample by itself.</summary>
public sealed class ModuleField : FieldOperator
{
    [ComponentName(Name = "module")]
    private readonly nn.Module _module;
    private readonly Func<Tensor, Tensor, Tensor> _function;

    /// <summary>A field that does not depend on time.</summary>
    /// <param name="module">Takes u: [batch, ...], returns its shape. Owned from now on.</param>
    public ModuleField(nn.Module<Tensor, Tensor> module)
        : this(module, (_, state) => module.call(state))
    {
    }

    /// <summary>A field that depends on time.</summary>
    /// <param name="module">Takes t: [batch] and u: [batch, ...], returns the shape of u. Owned from now on.</param>
    public ModuleField(nn.Module<Tensor, Tensor, Tensor> module)
        : this(module, (time, state) => module.call(time, state))
    {
    }

    private ModuleField(nn.Module module, Func<Tensor, Tensor, Tensor> function)
        : base(nameof(ModuleField))
    {
        ArgumentNullException.ThrowIfNull(module);
        (_module, _function) = (module, function);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override VectorField Bind() => new PerSampleField(
        (time, state, _) => _function(time, state),
        new MapInputs { Parameters = _module.parameters().Where(parameter => parameter.requires_grad) });
}
