using ImplicitNet.Differentiation;
using ImplicitNet.Flows;
using ImplicitNet.Gradients;
using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Networks;

/// <summary>
/// Finds the fixed points of a function, in the autograd graph, in one call: what an <see cref="ImplicitLayer"/> does, without a module. A
/// plain <c>loss.backward()</c> reaches everything that the function computes with.
/// </summary>
/// <remarks>
/// <para>
/// A function treats every sample by itself; one that looks across the batch belongs in a <see cref="CoupledMap"/>. Per-sample tensors that
/// it is given as inputs leave the batch together with a finished sample. Tensors that it captures (<c>u => (u.mm(w) + q).tanh()</c>)
/// cannot: then the function is always called with as many samples as the start has, and each step costs the whole batch until the last
/// sample is finished. A sample whose captured tensors are NaN makes every gradient NaN; given as inputs, it is left out where the policy
/// says so.
/// </para>
/// <para>
/// Gradients reach captured parameters too. Second derivatives need to know of them: pass a map with <see cref="MapInputs.Parameters"/>, or
/// use an <see cref="UnrolledGradient"/>. Without gradients enabled, u* itself is returned. An open <see cref="SolveScope"/> records every
/// call, with the reports of its backward passes. If a backward pass failed inside and nothing reported it, its gradient was NaN, and the
/// next call on the thread throws once.
/// </para>
/// </remarks>
/// <example>
/// <code>
/// Tensor u = Implicit.Solve((u, q) => (u.mm(w) + q).tanh(), start, q);
/// (Tensor x, Tensor z) = Implicit.Solve((x, z) => (F(x, z), G(x, z)), (x0, z0), settings, out SolveReport report);
/// </code>
/// </example>
public static class Implicit
{
    [ThreadStatic]
    private static UntoldFailure? _untold;

    /// <inheritdoc cref="Solve(FixedPointMap, Tensor, SolveSettings, out SolveReport)"/>
    public static Tensor Solve(FixedPointMap map, Tensor start, SolveSettings? settings = null) => Solve(map, start, settings, out _);

    /// <summary>Finds the fixed points of a map, coupled or not.</summary>
    /// <param name="map">The map. The caller keeps it, and may dispose it before the backward pass.</param>
    /// <param name="start">u at step 0: [batch, ...], floating point; held constant; the caller keeps it.</param>
    /// <param name="settings">How it solves, differentiates and fails; default: those of <see cref="SolveSettings"/>.</param>
    /// <param name="report">How the solve went, sample by sample.</param>
    /// <returns>The shape, dtype and device of the start; in the graph where gradients are enabled. The caller owns it.</returns>
    /// <exception cref="ArgumentException">The start is not a batch of latents, or the map does not return one like it.</exception>
    /// <exception cref="FixedPointException">A sample did not converge and the policy is to throw.</exception>
    /// <exception cref="InvalidOperationException">
    /// A backward pass through an earlier call failed inside, and this has not been reported yet. Thrown once.
    /// </exception>
    public static Tensor Solve(FixedPointMap map, Tensor start, SolveSettings? settings, out SolveReport report)
    {
        ArgumentNullException.ThrowIfNull(map);
        ImplicitResult result = TorchMessage.Guarded(() =>
        {
            using DisposeScope scope = NewDisposeScope();
            SolveCall call = new(settings ?? new SolveSettings(), null, null, new AnyToken(default));
            ImplicitResult solved = new MapSolve(map, LatentContract.Start(start), _untold ??= new UntoldFailure()).Run(call);
            return solved.MovedToOuterDisposeScope();
        });
        report = result.Report;
        return result.OutputAlone();
    }

    /// <inheritdoc cref="Solve(Func{Tensor, Tensor}, Tensor, SolveSettings, out SolveReport)"/>
    public static Tensor Solve(Func<Tensor, Tensor> function, Tensor start, SolveSettings? settings = null) =>
        Solve(function, start, settings, out _);

    /// <summary>Finds the fixed points of <c>u -> function(u)</c>, which may capture anything.</summary>
    /// <param name="function">Takes and returns [batch, ...], the batch of the start.</param>
    /// <param name="start">u at step 0: [batch, ...], floating point; held constant; the caller keeps it.</param>
    /// <param name="settings">How it solves, differentiates and fails; default: those of <see cref="SolveSettings"/>.</param>
    /// <param name="report">How the solve went, sample by sample.</param>
    /// <returns>The shape, dtype and device of the start; in the graph where gradients are enabled. The caller owns it.</returns>
    /// <exception cref="ArgumentException">The start is not a batch of latents, or the function does not return one like it.</exception>
    /// <exception cref="FixedPointException">A sample did not converge and the policy is to throw.</exception>
    /// <exception cref="InvalidOperationException">
    /// A backward pass through an earlier call failed inside, and this has not been reported yet. Thrown once.
    /// </exception>
    public static Tensor Solve(Func<Tensor, Tensor> function, Tensor start, SolveSettings? settings, out SolveReport report)
    {
        ArgumentNullException.ThrowIfNull(function);
        TensorCheck.EnsureBatch(start, nameof(start), "u at the start");
        using WholeBatchMap map = new(function, start);
        return Solve(map, start, settings, out report);
    }

    /// <inheritdoc cref="Solve(Func{Tensor, Tensor, Tensor}, Tensor, Tensor, SolveSettings, out SolveReport)"/>
    public static Tensor Solve(Func<Tensor, Tensor, Tensor> function, Tensor start, Tensor input, SolveSettings? settings = null) =>
        Solve(function, start, input, settings, out _);

    /// <summary>Finds the fixed points of <c>u -> function(u, q)</c>.</summary>
    /// <param name="function">Takes u and q, each [batch, ...], returns the shape of u; called with any batch size.</param>
    /// <param name="start">u at step 0: [batch, ...], floating point; held constant; the caller keeps it.</param>
    /// <param name="input">q: [batch, ...]; the caller keeps it.</param>
    /// <param name="settings">How it solves, differentiates and fails; default: those of <see cref="SolveSettings"/>.</param>
    /// <param name="report">How the solve went, sample by sample.</param>
    /// <returns>The shape, dtype and device of the start; in the graph where gradients are enabled. The caller owns it.</returns>
    /// <exception cref="ArgumentException">The start is not a batch of latents, or the function does not return one like it.</exception>
    /// <exception cref="FixedPointException">A sample did not converge and the policy is to throw.</exception>
    /// <exception cref="InvalidOperationException">
    /// A backward pass through an earlier call failed inside, and this has not been reported yet. Thrown once.
    /// </exception>
    public static Tensor Solve(
        Func<Tensor, Tensor, Tensor> function, Tensor start, Tensor input, SolveSettings? settings, out SolveReport report)
    {
        using PerSampleMap map = new(function, input);
        return Solve(map, start, settings, out report);
    }

    /// <inheritdoc cref="Solve(Func{Tensor, Tensor[], Tensor}, Tensor, Tensor[], SolveSettings, out SolveReport)"/>
    public static Tensor Solve(
        Func<Tensor, Tensor[], Tensor> function, Tensor start, Tensor[] inputs, SolveSettings? settings = null) =>
        Solve(function, start, inputs, settings, out _);

    /// <summary>Finds the fixed points of <c>u -> function(u, inputs)</c>, with several inputs such as q and a mask.</summary>
    /// <param name="function">Takes u and the inputs, each [batch, ...], returns the shape of u; called with any batch size.</param>
    /// <param name="start">u at step 0: [batch, ...], floating point; held constant; the caller keeps it.</param>
    /// <param name="inputs">[batch, ...] each; the caller keeps them.</param>
    /// <param name="settings">How it solves, differentiates and fails; default: those of <see cref="SolveSettings"/>.</param>
    /// <param name="report">How the solve went, sample by sample.</param>
    /// <returns>The shape, dtype and device of the start; in the graph where gradients are enabled. The caller owns it.</returns>
    /// <exception cref="ArgumentException">The start is not a batch of latents, or the function does not return one like it.</exception>
    /// <exception cref="FixedPointException">A sample did not converge and the policy is to throw.</exception>
    /// <exception cref="InvalidOperationException">
    /// A backward pass through an earlier call failed inside, and this has not been reported yet. Thrown once.
    /// </exception>
    public static Tensor Solve(
        Func<Tensor, Tensor[], Tensor> function, Tensor start, Tensor[] inputs, SolveSettings? settings, out SolveReport report)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(inputs);
        using PerSampleMap map = new((u, given) => function(u, [.. given.PerSample]), new MapInputs { PerSample = inputs });
        return Solve(map, start, settings, out report);
    }

    /// <summary>Finds the fixed points of two latents that depend on each other, without a report.</summary>
    /// <param name="function">Takes and returns two latents.</param>
    /// <param name="start">Both latents at step 0.</param>
    /// <param name="settings">How it solves, differentiates and fails.</param>
    public static (Tensor First, Tensor Second) Solve(
        Func<Tensor, Tensor, (Tensor First, Tensor Second)> function,
        (Tensor First, Tensor Second) start,
        SolveSettings? settings = null) => Solve(function, start, settings, out _);

    /// <summary>
    /// Finds the fixed points of two latents that depend on each other and are solved as one: <c>(x, z) -> (F(x, z), G(x, z))</c>.
    /// </summary>
    /// <param name="function">Takes and returns two latents: [batch, ...] each, the batch of the start.</param>
    /// <param name="start">Both latents at step 0, with the same batch size, dtype and device.</param>
    /// <param name="settings">How it solves, differentiates and fails; default: those of <see cref="SolveSettings"/>.</param>
    /// <param name="report">How the solve went, sample by sample.</param>
    /// <returns>Latents like those of the start; in the graph where gradients are enabled. The caller owns them.</returns>
    /// <exception cref="ArgumentException">The start is not a batch of latents, or the function does not return one like it.</exception>
    /// <exception cref="FixedPointException">A sample did not converge and the policy is to throw.</exception>
    /// <exception cref="InvalidOperationException">
    /// A backward pass through an earlier call failed inside, and this has not been reported yet. Thrown once.
    /// </exception>
    public static (Tensor First, Tensor Second) Solve(
        Func<Tensor, Tensor, (Tensor First, Tensor Second)> function,
        (Tensor First, Tensor Second) start,
        SolveSettings? settings,
        out SolveReport report)
    {
        ArgumentNullException.ThrowIfNull(function);
        Tensor[] found = Solve(
            latents =>
            {
                (Tensor first, Tensor second) = function(latents[0], latents[1]);
                return [first, second];
            },
            [start.First, start.Second],
            settings,
            out report);
        return (found[0], found[1]);
    }

    /// <inheritdoc cref="Solve(Func{Tensor[], Tensor[]}, Tensor[], SolveSettings, out SolveReport)"/>
    public static Tensor[] Solve(Func<Tensor[], Tensor[]> function, Tensor[] start, SolveSettings? settings = null) =>
        Solve(function, start, settings, out _);

    /// <summary>Finds the fixed points of any number of latents that depend on each other and are solved as one.</summary>
    /// <param name="function">Takes and returns latents: [batch, ...] each, the batch of the start.</param>
    /// <param name="start">All latents at step 0, with the same batch size, dtype and device.</param>
    /// <param name="settings">How it solves, differentiates and fails; default: those of <see cref="SolveSettings"/>.</param>
    /// <param name="report">How the solve went, sample by sample.</param>
    /// <returns>Latents like those of the start; in the graph where gradients are enabled. The caller owns them.</returns>
    /// <exception cref="ArgumentException">The start is not a batch of latents, or the function does not return one like it.</exception>
    /// <exception cref="FixedPointException">A sample did not converge and the policy is to throw.</exception>
    /// <exception cref="InvalidOperationException">
    /// A backward pass through an earlier call failed inside, and this has not been reported yet. Thrown once.
    /// </exception>
    public static Tensor[] Solve(Func<Tensor[], Tensor[]> function, Tensor[] start, SolveSettings? settings, out SolveReport report)
    {
        ArgumentNullException.ThrowIfNull(function);
        LatentPack pack = new(start);
        using DisposeScope scope = NewDisposeScope();
        Tensor packed = pack.Start();
        return pack.Released(Solve(pack.Of(function), packed, settings, out report));
    }

    /// <inheritdoc cref="Solve(Func{Tensor[], Tensor[], Tensor[]}, Tensor[], Tensor[], SolveSettings, out SolveReport)"/>
    public static Tensor[] Solve(
        Func<Tensor[], Tensor[], Tensor[]> function, Tensor[] start, Tensor[] inputs, SolveSettings? settings = null) =>
        Solve(function, start, inputs, settings, out _);

    /// <summary>Finds the fixed points of any number of latents that depend on each other and on any number of inputs.</summary>
    /// <param name="function">Takes latents and inputs, [batch, ...] each, and returns latents; called with any batch size.</param>
    /// <param name="start">All latents at step 0, with the same batch size, dtype and device.</param>
    /// <param name="inputs">[batch, ...] each; the caller keeps them.</param>
    /// <param name="settings">How it solves, differentiates and fails; default: those of <see cref="SolveSettings"/>.</param>
    /// <param name="report">How the solve went, sample by sample.</param>
    /// <returns>Latents like those of the start; in the graph where gradients are enabled. The caller owns them.</returns>
    /// <exception cref="ArgumentException">The start is not a batch of latents, or the function does not return one like it.</exception>
    /// <exception cref="FixedPointException">A sample did not converge and the policy is to throw.</exception>
    /// <exception cref="InvalidOperationException">
    /// A backward pass through an earlier call failed inside, and this has not been reported yet. Thrown once.
    /// </exception>
    public static Tensor[] Solve(
        Func<Tensor[], Tensor[], Tensor[]> function, Tensor[] start, Tensor[] inputs, SolveSettings? settings, out SolveReport report)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(inputs);
        LatentPack pack = new(start);
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(
            (u, given) => pack.Of(latents => function(latents, [.. given.PerSample]))(u), new MapInputs { PerSample = inputs });
        Tensor packed = pack.Start();
        return pack.Released(Solve(map, packed, settings, out report));
    }

    /// <summary>Follows a field, in the graph: what a <see cref="FlowLayer"/> does, without a module.</summary>
    /// <remarks>
    /// Gradients reach the start, times in a tensor, the field's inputs and the parameters that these name; a field that computes with
    /// others is
    /// refused, since they would get none.
    /// </remarks>
    /// <param name="field">f. The caller keeps it, and may dispose it before the backward pass.</param>
    /// <param name="start">u0: [batch, ...], floating point; the caller keeps it.</param>
    /// <param name="times">When: the first time is where the flow starts, the last where it ends.</param>
    /// <param name="settings">How it goes, differentiates and fails; default: those of <see cref="FlowSettings"/>.</param>
    /// <param name="terminal">What ends a sample before its last time; default: nothing.</param>
    /// <param name="trace">Receives every step that was tried, when given.</param>
    /// <param name="cancellation">Checked before every step.</param>
    /// <returns>The states and the reports. The caller owns it.</returns>
    /// <exception cref="ArgumentException">As the method of the same purpose in <see cref="Flows.Flow"/> says.</exception>
    /// <exception cref="FlowException">A sample did not come to its end and the policy is to throw.</exception>
    /// <exception cref="InvalidOperationException">
    /// The field computes with tensors that require gradients and that its inputs do not name; or a backward pass through an earlier call
    /// failed
    /// inside, and this has not been reported yet. Thrown once.
    /// </exception>
    public static FlowResult Flow(
        VectorField field,
        Tensor start,
        FlowTimes times,
        FlowSettings? settings = null,
        FlowEvent? terminal = null,
        FlowTrace? trace = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(field);
        ArgumentNullException.ThrowIfNull(times);
        TensorCheck.EnsureBatch(start, nameof(start), "u at the start");
        return TorchMessage.Guarded(() => new FlowRun
        {
            Field = field,
            Start = start,
            Times = times,
            Settings = settings ?? new FlowSettings(),
            Terminal = terminal,
            Trace = trace,
            Untold = _untold ??= new UntoldFailure(),
            Cancellation = cancellation,
        }.Run());
    }

    private sealed class MapSolve(FixedPointMap map, Tensor start, UntoldFailure untold) : AttachedSolve(untold)
    {
        // Parameters that nobody has named get nothing; a loss can be sent back all the same.
        protected override IEnumerable<Tensor> Sources =>
            [.. map.Inputs.Tensors, .. map.Inputs.ParameterList ?? [zeros(1, dtype: start.dtype, device: start.device).requires_grad_()]];

        protected override FixedPointMap Bind() => Other(map.Inputs.Borrowed());

        protected override FixedPointMap BindNeutral(FixedPointMap bound, SampleMask mask) => Other(map is WholeBatchMap
            ? map.Inputs.Borrowed()
            : map.Inputs.With([.. map.Inputs.PerSample.Select(mask.Neutral), .. map.Inputs.Shared]));

        protected override Tensor Start() => start;

        private FixedPointMap Other(MapInputs inputs) => map.With(inputs)
            ?? throw new InvalidOperationException("The map with other inputs, With, is null.");
    }
}
