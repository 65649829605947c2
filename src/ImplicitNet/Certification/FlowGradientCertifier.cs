using ImplicitNet.Differentiation;
using ImplicitNet.Flows;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Certification;

/// <summary>
/// Says how good the gradient of a model with flows in it is, in two numbers: against the exact one of the same steps, and that one against
/// the exact one of much finer steps; of the parameters, and of each further input by itself.
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
    public static FlowCertificate Certify(nn.Module model, Func<Tensor> loss, IReadOnlyList<Tensor>? inputs = null) =>
        Compared(model, loss, [null], inputs)[0];

    /// <summary>Certifies several gradients, each used in all flows at once, against one reference.</summary>
    /// <param name="model">The model; its buffers and torch's random state are the same for every pass, and are put back.</param>
    /// <param name="loss">Runs the model and returns the loss: one number, in the graph.</param>
    /// <param name="gradients">What to certify. Each costs a forward and a backward pass, beside the two of the reference.</param>
    /// <param name="inputs">Further tensors whose gradients count, such as the start of a flow; each requires a gradient.</param>
    /// <returns>One certificate for each gradient, in the same order. Nothing is added to any <c>grad</c>.</returns>
    /// <exception cref="ArgumentException">The loss is not one number in a graph, or nothing requires a gradient.</exception>
    /// <exception cref="FlowException">A flow failed and its policy is to throw.</exception>
    public static IReadOnlyList<FlowCertificate> Compare(
        nn.Module model, Func<Tensor> loss, IReadOnlyList<FlowGradient> gradients, IReadOnlyList<Tensor>? inputs = null)
    {
        ArgumentNullException.ThrowIfNull(gradients);
        return gradients.Contains(null!)
            ? throw new ArgumentException("A gradient to certify is null.", nameof(gradients))
            : Compared(model, loss, gradients, inputs);
    }

    /// <summary>Certifies several gradients of a batch of which this process may have a part.</summary>
    /// <param name="model">The model.</param>
    /// <param name="loss">Its part of the loss: over all processes these are summed.</param>
    /// <param name="gradients">What to certify; null for each flow's own.</param>
    /// <param name="part">The part.</param>
    internal static IReadOnlyList<FlowCertificate> Compare(
        nn.Module model, Func<Tensor> loss, IReadOnlyList<FlowGradient?> gradients, BatchPart part) =>
        Compared(model, loss, gradients, null, part);

    private static FlowCertificate[] Compared(
        nn.Module model, Func<Tensor> loss, IReadOnlyList<FlowGradient?> gradients, IReadOnlyList<Tensor>? inputs, BatchPart? given = null)
    {
        BatchPart part = given ?? BatchPart.Whole;
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(loss);
        Tensor[] further = [.. inputs ?? []];
        if (Array.Exists(further, tensor => tensor is not { IsInvalid: false, requires_grad: true }))
        {
            throw new ArgumentException("An input whose gradient counts is null, was disposed, or requires no gradient.", nameof(inputs));
        }

        Tensor[] parameters = [.. model.parameters().Where(tensor => tensor.requires_grad)], sources = [.. parameters, .. further];
        if (sources.Length == 0)
        {
            throw new ArgumentException("Neither a parameter of the model nor an input requires a gradient.", nameof(model));
        }

        using DisposeScope scope = NewDisposeScope();
        using NetworkState state = new(model);
        using IDisposable graph = enable_grad();
        DiscreteAdjoint exact = new();
        ScalarType narrowest = Array.Exists(sources, source => source.dtype == ScalarType.Float32) ? ScalarType.Float32 : sources[0].dtype;
        (Tensor?[] Gradients, IReadOnlyList<ScopedFlow> Flows)[] used = [.. gradients.Select(gradient => Pass(
            state, part, loss, sources, settings => gradient is null ? settings : settings with { Gradient = gradient }))];
        (Tensor?[] same, IReadOnlyList<ScopedFlow> own) = Pass(
            state, part, loss, sources, settings => settings with { Gradient = exact });
        (Tensor?[] finer, IReadOnlyList<ScopedFlow> fine) = Pass(
            state, part, loss, sources, settings => settings with { Gradient = exact, Steps = Finer(settings.Steps, narrowest) });
        bool hasReference = own.Concat(fine).All(flow => flow.Report.AllSucceeded && flow.Settings.Gradient == exact);
        return [.. used.Select(pass => new FlowCertificate(
            pass.Flows.Count == 0 ? "none" : pass.Flows[0].Settings.Gradient.Label,
            Apart(pass.Gradients, same),
            Apart(same, finer),
            pass.Flows,
            hasReference,
            narrowest,
            part))];

        // All parameters are one vector, and so is each input: what is wrong in a small one must not be lost beside a large one.
        Agreement[] Apart(Tensor?[] found, Tensor?[] exactly) =>
        [
            .. parameters.Length == 0 ? [] : new[] { Agreement.OfLists(found[..parameters.Length], exactly[..parameters.Length]) },
            .. Enumerable.Range(parameters.Length, further.Length).Select(i => Agreement.OfLists([found[i]], [exactly[i]])),
        ];
    }

    private static (Tensor?[] Gradients, IReadOnlyList<ScopedFlow> Flows) Pass(
        NetworkState state, BatchPart part, Func<Tensor> loss, Tensor[] sources, Func<FlowSettings, FlowSettings> settings)
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

        return ([.. part.Sums(gradients, sources)], scope.Flows);
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
