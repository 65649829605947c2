using ImplicitNet.Differentiation;
using ImplicitNet.Flows;
using ImplicitNet.Gradients;
using ImplicitNet.Kernels;
using ImplicitNet.Operators;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Networks;

/// <summary>
/// A layer that follows a vector field: u(T) for u(0) = its input, <c>u' = f(t, u)</c> (neural ODE; Chen, Rubanova, Bettencourt and
/// Duvenaud 2018).
/// </summary>
/// <remarks>
/// Every sample takes its own steps, and gradients are exact for the steps taken, in a bounded memory. f must be one function: parts that
/// draw random numbers or look across the batch in training mode are refused.
/// </remarks>
/// <example>
/// <code>
/// using FlowLayer layer = new(Sequential(Linear(2, 32), Tanh(), Linear(32, 2)));
/// Tensor end = layer.call(start);
/// end.square().mean().backward();
/// </code>
/// </example>
public sealed class FlowLayer : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "field")]
    private readonly FieldOperator _field;
    private readonly UntoldFailure _untold = new();

    /// <summary>A layer whose field does not depend on time.</summary>
    /// <param name="field">Takes u: [batch, ...], returns its shape. Owned from now on.</param>
    /// <param name="times">From where to where; default: from 0 to 1.</param>
    public FlowLayer(nn.Module<Tensor, Tensor> field, FlowTimes? times = null)
        : this(new ModuleField(field), times)
    {
    }

    /// <summary>A layer whose field depends on time.</summary>
    /// <param name="field">Takes t: [batch] and u: [batch, ...], returns the shape of u. Owned from now on.</param>
    /// <param name="times">From where to where; default: from 0 to 1.</param>
    public FlowLayer(nn.Module<Tensor, Tensor, Tensor> field, FlowTimes? times = null)
        : this(new ModuleField(field), times)
    {
    }

    /// <summary>A layer with a field of its own kind.</summary>
    /// <param name="field">f. Owned from now on.</param>
    /// <param name="times">From where to where; default: from 0 to 1.</param>
    public FlowLayer(FieldOperator field, FlowTimes? times = null)
        : base(nameof(FlowLayer))
    {
        ArgumentNullException.ThrowIfNull(field);
        _field = field;
        Times = times ?? FlowTimes.Between(0, 1);
        RegisterComponents();
    }

    /// <summary>f.</summary>
    public FieldOperator Field => _field;

    /// <summary>When the flow starts and ends, and at which times its states are asked for.</summary>
    public FlowTimes Times { get; set => field = value ?? throw new ArgumentNullException(nameof(Times)); }

    /// <summary>The settings of every call that is given none of its own.</summary>
    public FlowSettings Settings { get; set => field = value ?? throw new ArgumentNullException(nameof(Settings)); } = new();

    /// <summary>Computes the state at the end of the flow.</summary>
    /// <param name="start">u0: [batch, ...].</param>
    /// <returns>[batch, ...]. The caller owns it.</returns>
    /// <exception cref="FlowException">A sample did not come to its end and the policy is to throw.</exception>
    public override Tensor forward(Tensor start) => Run(start).OutputAlone();

    /// <summary>Computes the flow, with its states in between and its reports.</summary>
    /// <param name="start">u0: [batch, ...]; the caller keeps it.</param>
    /// <param name="times">When; default: the layer's <see cref="Times"/>.</param>
    /// <param name="settings">How this call goes; default: the layer's <see cref="Settings"/>.</param>
    /// <param name="terminal">What ends a sample before its last time; default: nothing.</param>
    /// <param name="trace">Receives every step that was tried, when given.</param>
    /// <param name="cancellation">Checked before every step.</param>
    /// <returns>The states and the reports. The caller owns it.</returns>
    /// <exception cref="FlowException">A sample did not come to its end and the policy is to throw.</exception>
    /// <exception cref="InvalidOperationException">
    /// A backward pass through an earlier call failed inside, its gradient was NaN, and this has not been reported yet. Thrown once.
    /// </exception>
    public FlowResult Run(
        Tensor start,
        FlowTimes? times = null,
        FlowSettings? settings = null,
        FlowEvent? terminal = null,
        FlowTrace? trace = null,
        CancellationToken cancellation = default) =>
        TorchMessage.Guarded(() =>
        {
            TensorCheck.EnsureBatch(start, nameof(start), "u at the start");
            TrainingParts.EnsureOneFunction(_field);
            using VectorField field = _field.Bind();
            return new FlowRun
            {
                Field = field,
                Start = start,
                Times = times ?? Times,
                Settings = settings ?? Settings,
                Terminal = terminal,
                Trace = trace,
                Untold = _untold,
                Cancellation = cancellation,
            }.Run();
        });
}
