using ImplicitNet.Differentiation;
using ImplicitNet.Flows;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Certification;

/// <summary>
/// Says how good the gradient of a model with flows in it is, in two numbers: against the exact one of the same steps, and that one against
/// the exact one of much finer steps.
/// </summary>
/// <remarks>
/// The exact gradient of the steps that were taken need not be that of the flow: on Lotka and Volterra's equations it is 7 % off at a
/// tolerance of 1e-4. Costs three forward and backward passes, the last one at a hundredth of the tolerance, or with ten times as many
/// steps where these are fixed.
/// </remarks>
public static class FlowGradientCertifier
{
    private const double Tightening = 100;
    private const int Refinement = 10;

    /// <summary>Certifies the gradient of a loss in the parameters of a model.</summary>
    /// <param name="model">The model; its buffers and torch's random state are the same for every pass, and are put back.</param>
    /// <param name="loss">Runs the model and returns the loss: one number, in the graph.</param>
    /// <param name="inputs">Further tensors whose gradients count, such as the start of a flow; each requires a gradient.</param>
    /// <returns>The certificate. Nothing is added to any <c>grad</c>.</returns>
    /// <exception cref="ArgumentException">The loss is not one number in a graph, or nothing requires a gradient.</exception>
    /// <exception cref="FlowException">A flow failed and its policy is to throw.</exception>
    public static FlowCertificate Certify(nn.Module model, Func<Tensor> loss, IReadOnlyList<Tensor>? inputs = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(loss);
        Tensor[] sources = [.. model.parameters().Concat(inputs ?? []).Where(tensor => tensor.requires_grad)];
        if (sources.Length == 0)
        {
            throw new ArgumentException("Neither a parameter of the model nor an input requires a gradient.", nameof(model));
        }

        using DisposeScope scope = NewDisposeScope();
        using NetworkState state = new(model);
        using IDisposable graph = enable_grad();
        DiscreteAdjoint exact = new();
        ScalarType narrowest = Array.Exists(sources, source => source.dtype == ScalarType.Float32) ? ScalarType.Float32 : sources[0].dtype;
        (Tensor?[] used, IReadOnlyList<ScopedFlow> flows) = Pass(state, loss, sources, settings => settings);
        (Tensor?[] same, IReadOnlyList<ScopedFlow> own) = Pass(state, loss, sources, settings => settings with { Gradient = exact });
        (Tensor?[] finer, IReadOnlyList<ScopedFlow> fine) = Pass(
            state, loss, sources, settings => settings with { Gradient = exact, Steps = Finer(settings.Steps, narrowest) });
        return new FlowCertificate(
            flows.Count == 0 ? "none" : flows[0].Settings.Gradient.Label, Agreement.OfLists(used, same), Agreement.OfLists(same, finer),
            flows,
            own.Concat(fine).All(flow => flow.Report.AllSucceeded && flow.Settings.Gradient == exact));
    }

    private static (Tensor?[] Gradients, IReadOnlyList<ScopedFlow> Flows) Pass(
        NetworkState state, Func<Tensor> loss, Tensor[] sources, Func<FlowSettings, FlowSettings> settings)
    {
        state.Restore();
        using SolveScope scope = new(flowSettings: settings);
        Tensor value = loss();
        if (value is null || value.numel() != 1 || !value.requires_grad)
        {
            throw new ArgumentException("The loss must be one number in the graph.", nameof(loss));
        }

        Tensor?[] gradients = [.. VectorProducts.TransposeProducts(value, sources, ones_like(value))];
        foreach (ScopedFlow flow in scope.Flows)
        {
            flow.Gradient.ThrowIfFailed();
        }

        return (gradients, scope.Flows);
    }

    private static StepController Finer(StepController steps, ScalarType dtype) => steps switch
    {
        FixedSteps many => new FixedSteps(many.Count * Refinement),
        PidController pid => pid.Tighter(Tightening, dtype) with
        {
            MaxSteps = (int)Math.Min(int.MaxValue, (long)pid.MaxSteps * Refinement),
        },
        _ => steps,
    };
}
