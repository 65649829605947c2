using ImplicitNet.Certification;
using ImplicitNet.Differentiation;
using ImplicitNet.Gradients;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Calls;

/// <summary>A way into the libraries: a new one is one line.</summary>
/// <param name="Name">What findings call it.</param>
/// <param name="Call">Calls it with what was drawn.</param>
internal sealed record EntryPoint(string Name, Action<HostileCall> Call)
{
    public static readonly IReadOnlyList<EntryPoint> All =
    [
        new("FixedPoint.Solve", Solve),
        new("FixedPoint.Solve", Solve),
        new("FixedPoint.Solve with a trace",
            call => FixedPoint.Solve(
                call.Map(call.Q), call.Start, call.Solver, call.Stopping, new ResidualTrace(), new CancellationToken(call.Random.OneIn(3)))
                .Dispose()),
        new("ImplicitLayer.call", call => Backward(call.Layer.call(call.Q))),
        new("ImplicitLayer.Run", RunLayer),
        new("ImplicitLayer.Run", RunLayer),
        new("ImplicitLayer.Run twice",
            call => { ImplicitLayer layer = call.Layer; Backward(layer.Run(call.Q).Output); Backward(layer.Run(call.Right).Output); }),
        new("ImplicitLayer.Run, backward late", BackwardLate),
        new("ImplicitLayer.Run from two threads", RunFromTwoThreads),
        new("ImplicitLayer.Run with a penalty",
            call => Backward(call.Layer.Run(call.Q, penalty: new JacobianPenalty { Probes = 2 }), withPenalties: true)),
        new("ImplicitNetwork.call", call => Backward(call.Network.call(call.Q))),
        new("ImplicitNetwork.Run",
            call => Backward(call.Network.Run(call.Q, start: StartingPoint.From(_ => call.Start)), withPenalties: false)),
        new("ImplicitNetwork in evaluation",
            call => { ImplicitNetwork network = call.Network; network.eval(); Backward(network.call(call.Q)); }),
        new("ImplicitNetwork disposed",
            call => { ImplicitNetwork network = call.Network; network.Dispose(); Backward(network.call(call.Q)); }),
        new("ImplicitNetwork.MeasureContraction", call => call.Network.MeasureContraction(call.Q)),
        new("Contraction.Measure", call => Contraction.Measure(call.Map(call.Q), call.Start, call.Random.Next(-1, 5))),
        new("Contraction.Report", call => Contraction.Report(call.Operator, call.Q, call.Start)),
        new("GradientCertifier.Certify",
            call => new GradientCertifier { PowerIterations = 3, GradientsBySample = call.Random.OneIn(2) }
                .Certify(call.Network, call.Q, Losses(call)).ToString()),
        new("GradientCertifier.Compare", Compare),
        new("JacobianPenalty.Estimate", call => Backward(new JacobianPenalty().Estimate(call.Map(call.Q), call.Start))),
        new("FixedPointGradient.Attach", Attach),
        new("second derivatives", SecondDerivative),
        new("LinearSolver.Solve", SolveLinear),
        new("LinearSolver.Solve", SolveLinear),
        new("VectorProducts", Products),
        new("VectorProducts of a map",
            call => { Tensor u = call.Right.clone().requires_grad_(); VectorProducts.Product(call.Evaluate(u, call.Right), u, call.Any); }),
        new("VectorProducts, transposed, of a map",
            call => { Tensor u = call.Right.clone().requires_grad_(); VectorProducts.TransposeProduct(call.Evaluate(u, call.Right), u, call.Any); }),
        new("DescentCondition",
            call => new DescentCondition(new ConditionNumber(Odd(call), ConditionStatus.Converged, 1), Odd(call)).ToString()),
        new("DescentCondition.LimitAt", call => DescentCondition.LimitAt(Odd(call))),
        new("ContractionOperator", call => Backward(Contracting(call).Run(call.Q).Output)),
        new("ContractionOperator with a start",
            call => Backward(Contracting(call).Run(call.Q, start: StartingPoint.From(_ => call.Start)).Output)),
        new("ContractionOperator.Bind",
            call => { using FixedPointMap map = Contracting(call).Operator.Bind(call.Q); Backward(map.Evaluate(call.Start)); }),
        new("ContractionOperator.StartingLatent", call => Contracting(call).Operator.StartingLatent(call.Q).Dispose()),
        new("LatentOperator.call", call => Backward(Contracting(call).Operator.call(call.Start, call.Q))),
        new("LatentOperator.call, hostile", call => Backward(call.Operator.call(call.Start, call.Q))),
        new("ExplicitOperator",
            call => Backward(new ImplicitLayer(new ExplicitOperator(call.Operator)) { Gradient = call.Gradient }.call(call.Q))),
        new("BoundedLinear", call => Backward(new BoundedLinear(call.Right.shape[1], 3).call(call.Q))),
        new("BoundedLinear.Apply", call => Backward(new BoundedLinear(call.Right.shape[1], 3).Apply(call.Q, call.Any))),
        new("WellPosedLinear", call => Backward(new WellPosedLinear(call.Right.shape[1], WellPosedness.PerronFrobenius).call(call.Q))),
        new("WellPosedLowRank.Apply", call => Backward(new WellPosedLowRank(call.Right.shape[1], 2).Apply(call.Q, call.Any))),
        new("L1Ball.Project", call => Backward(L1Ball.Project(call.Any, Odd(call)))),
        new("BoundedConvolution", call => Backward(Convolution(call).call(Pictures(call)))),
        new("BoundedConvolution.Apply", call => Backward(Convolution(call).Apply(Pictures(call), call.Any))),
        new("a contracting convolution",
            call => Backward(LayerOf(new ContractionOperator(Convolution(call), 0.5), call).call(Pictures(call)))),
        new("a classifier", call => Backward(Classifier(call).call(Pictures(call)))),
        new("LatentTuple.Pack", call => new LatentTuple([2], [call.Right.shape[1] - 2]).Pack(call.Any, call.Any).Dispose()),
        new("LatentTuple.Unpack", call => new LatentTuple([2], [call.Right.shape[1] - 2]).Unpack(call.Any)),
        new("LatentCache.Store", Store),
        new("LatentCache.Restore",
            call => new LatentCache().Restore(
                new Dictionary<string, Tensor> { ["samples"] = call.Any, ["values"] = call.Any, ["shape"] = call.Any, ["order"] = call.Any })),
        new("ImplicitResult.Average",
            call => Backward(Contracting(call).Run(call.Right).Average(call.Random.OneIn(2) ? call.Any : call.Any.sum(1)))),
        new("LowRankInverse", Inverse),
        new("constructors", call => call.Random.Pick(HostileConstructors.All)(Odd(call), call.Random)),
        new("constructors", call => call.Random.Pick(HostileConstructors.All)(Odd(call), call.Random)),
        new("an operator of the caller's",
            call => Backward(new ImplicitLayer(new HostileOperator(call)) { Gradient = call.Gradient, Solver = call.Solver }.call(call.Q))),
        new("a map of the caller's",
            call => FixedPoint.Solve(new HostileFixedPointMap(call), call.Start, call.Solver, call.Stopping).Dispose()),
        new("a solver of the caller's",
            call => FixedPoint.Solve(call.Map(call.Q), call.Start, new HostileSolver(call.Random.Next()), call.Stopping).Dispose()),
        new("a policy of the caller's",
            call => Backward(new ImplicitLayer(call.Operator) { OnFailure = new HostilePolicy(call.Random.Next()) }.call(call.Q))),
        new("a tolerance beyond all",
            call => FixedPoint.Solve(
                call.Map(call.Q), call.Start, call.Solver, new StoppingRule { AbsoluteTolerance = double.MaxValue, RelativeTolerance = 0.9999 })
                .Dispose()),
        .. TrainingEntryPoints.All,
        .. FlowEntryPoints.All,
    ];

    /// <summary>What the referee must find.</summary>
    public static readonly IReadOnlyList<EntryPoint> Planted =
    [
        new("planted: ends the process", _ => Environment.FailFast("planted")),
        new("planted: hangs", _ => Thread.Sleep(Timeout.Infinite)),
        new("planted: no reference", _ => LookAtPlantedNothing()),
        new("planted: native words",
            _ => ThrowPlanted(new InvalidOperationException("Exception raised from here\nframe #0\nframe #1\nframe #2"))),
        new("planted: fine", _ => { }),
    ];

    /// <summary>A new linear solver is one line.</summary>
    private static readonly IReadOnlyList<Func<HostileCall, LinearSolver>> LinearSolvers =
    [
        _ => new GmresSolver(),
        _ => new GmresSolver { Restart = 1 },
        _ => new BicgstabSolver(),
        _ => new ConjugateGradientSolver(),
        _ => new CgnrSolver(),
        call => new FixedPointLinearSolver { Solver = call.Solver },
    ];

    private static void ThrowPlanted(Exception exception) => throw exception;

    private static void LookAtPlantedNothing() => _ = ((string)null!).Length;

    private static double Odd(HostileCall call) =>
        call.Random.Pick<double>(
        [
            0, 1, 0.5, -1, -0.0, 1 - 1e-16, int.MaxValue, 1e300,
            double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.Epsilon, double.MaxValue,
        ]);

    private static void Solve(HostileCall call)
    {
        Tensor start = call.Start;
        using Tensor? before = IsPlain(start) ? start.detach().clone() : null;
        using FixedPointMap map = call.Map(call.Q);
        FixedPoint.Solve(map, start, call.Solver, call.Stopping).Dispose();
        if (before is not null && !start.IsInvalid && !start.detach().contiguous().bytes.SequenceEqual(before.contiguous().bytes))
        {
            throw new StartChangedException();
        }
    }

    private static bool IsPlain(Tensor? tensor) =>
        tensor is not null && !tensor.IsInvalid && !tensor.is_sparse && tensor.device_type == TorchSharp.DeviceType.CPU;

    private static void RunLayer(HostileCall call)
    {
        using ImplicitLayer layer = call.Layer;
        StartingPoint? start = call.Random.Next(4) switch
        {
            0 => StartingPoint.Zero,
            1 => new RandomStart { Deviation = 1e-3, Samples = call.Random.OneIn(2) ? null : [3, 1] },
            2 => StartingPoint.From(_ => call.Start),
            _ => null,
        };
        using ImplicitResult result = layer.Run(call.Q, start: start);
        Backward(result, withPenalties: false);
    }

    private static void RunFromTwoThreads(HostileCall call)
    {
        using ImplicitLayer layer = call.Layer;
        Tensor q = call.Q;
        Exception? other = null;
        Thread thread = new(() =>
        {
            try
            {
                Backward(layer.Run(q), withPenalties: false);
            }
            catch (Exception exception)
            {
                other = exception;
            }
        });
        thread.Start();
        try
        {
            Backward(layer.Run(q), withPenalties: false);
        }
        finally
        {
            thread.Join();
        }

        if (other is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(other);
        }
    }

    private static void BackwardLate(HostileCall call)
    {
        using ImplicitLayer layer = call.Layer;
        Tensor q = call.Right.clone().requires_grad_();
        ImplicitResult result = layer.Run(q);
        Tensor loss = result.Output.sum();
        switch (call.Random.Next(5))
        {
            case 0: q.Dispose(); break;
            case 1: layer.Dispose(); break;
            case 2: result.Dispose(); break;
            case 3: using (no_grad()) { q.mul_(2); } break;
            default: using (no_grad()) { foreach (Tensor parameter in layer.parameters()) { parameter.mul_(0.5); } } break;
        }

        Backward(loss);
        Backward(loss);
        result.Gradient.ThrowIfFailed();
    }

    private static void Compare(HostileCall call)
    {
        GradientCertifier certifier = new() { PowerIterations = 2, ConditionSamples = call.Random.Next(3), LanczosSteps = 4 };
        _ = certifier.Compare(call.Network, call.Q, Losses(call), [call.Gradient, new JacobianFreeGradient(), new NeumannGradient()]);
    }

    private static Func<Tensor, Tensor> Losses(HostileCall call) => call.Random.Next(7) switch
    {
        0 => output => output.sum(),
        1 => _ => null!,
        2 => output => output.sum(1).detach(),
        3 => output => output.sum(1).to(ScalarType.Int64),
        _ => output => output.square().sum(1),
    };

    private static void Attach(HostileCall call)
    {
        using FixedPointMap map = call.Map(call.Q);
        using FixedPointSolution solution = FixedPoint.Solve(map, call.Right, call.Solver, call.Stopping);
        GradientReport report = new();
        Backward(call.Gradient.Attach(map, solution, report));
        report.ThrowIfFailed();
    }

    private static void SecondDerivative(HostileCall call)
    {
        Tensor q = call.Right.clone().requires_grad_();
        using ImplicitLayer layer = call.Layer;
        ImplicitResult result = layer.Run(q);
        if (result.Output.requires_grad)
        {
            result.Output.square().sum().backward(create_graph: true);
            if (q.grad is { requires_grad: true } gradient)
            {
                gradient.square().sum().backward();
            }
        }

        result.Gradient.ThrowIfFailed();
    }

    private static void SolveLinear(HostileCall call)
    {
        LinearSolver solver = call.Random.Pick(LinearSolvers)(call);
        LinearTolerance tolerance = new(call.Random.OneIn(5) ? Odd(call) : 1e-4, 0);
        LinearTolerance[] tolerances = [.. Enumerable.Repeat(tolerance, (int)call.Right.shape[0])];
        solver.Solve(new HostileLinearOperator(call), call.Start, tolerances, call.Random.OneIn(2) ? null : call.Any).Dispose();
    }

    private static void Products(HostileCall call)
    {
        Tensor input = call.Any;
        Tensor output = call.Random.OneIn(3) ? call.Any : call.Random.OneIn(2) ? call.Right.clone().requires_grad_() * 2 : input * 2;
        switch (call.Random.Next(3))
        {
            case 0: _ = VectorProducts.Product(output, input, call.Any); break;
            case 1: _ = VectorProducts.TransposeProduct(output, input, call.Any); break;
            default: _ = VectorProducts.TransposeProducts(output, call.Random.OneIn(4) ? null! : [input, call.Any, null!], call.Any); break;
        }
    }

    private static ImplicitLayer Contracting(HostileCall call) => new(new ContractionOperator(
        new BoundedLinear(call.Right.shape[1], call.Right.shape[1]), 0.5, call.Random.OneIn(2) ? null : LatentActivation.Tanh))
    {
        Gradient = call.Gradient,
        Solver = call.Solver,
    };

    private static ImplicitLayer LayerOf(LatentOperator latentOperator, HostileCall call) =>
        new(latentOperator) { Gradient = call.Gradient, Solver = call.Solver };

    private static BoundedConvolution Convolution(HostileCall call) =>
        new(2, 2, call.Random.Pick([1, 3, 5]), call.Random.OneIn(2) ? null : (call.Random.Next(1, 4), 3));

    private static Tensor Pictures(HostileCall call)
    {
        Tensor any = call.Any;
        if (!IsPlain(any) || any.ndim != 2 || call.Random.OneIn(4))
        {
            return any!;
        }

        int side = call.Random.Pick([3, 3, 9, 1]);
        return any.narrow(1, 0, Math.Min(any.shape[1], 1)).reshape(any.shape[0], -1, 1, 1).expand(-1, call.Random.Next(1, 3), side, side);
    }

    private static ImplicitNetwork Classifier(HostileCall call)
    {
        ImplicitNetwork network = new DigitClassifierOptions { Height = 9, Width = 9, LatentChannels = 2 }.CreateNetwork();
        (network.Gradient, network.Solver) = (call.Gradient, call.Solver);
        network.train(call.Random.OneIn(2));
        return network;
    }

    private static void Store(HostileCall call)
    {
        using LatentCache cache = new(new LatentCacheOptions { MaxBytes = call.Random.Pick([1, 100, 1 << 20]) });
        using FixedPointMap map = new PerSampleMap(u => u * 0.5);
        using FixedPointSolution solution = FixedPoint.Solve(map, call.Right);
        long[] samples = [.. Enumerable.Range(0, (int)call.Right.shape[0]).Select(sample => (long)sample)];
        cache.Store(samples, call.Any, solution.Report);
        _ = cache.Starts(samples, call.Any);
        _ = cache.Collect();
    }

    private static void Inverse(HostileCall call)
    {
        using FixedPointMap map = new PerSampleMap(u => (u * 0.5).tanh() + 1);
        FixedPointSolution solution = FixedPoint.Solve(map, call.Right, new BroydenSolver { KeepInverse = true });
        if (call.Random.OneIn(4))
        {
            solution.Dispose();
        }

        _ = call.Random.OneIn(2) ? solution.Inverse!.Apply(call.Any) : solution.Inverse!.ApplyTransposed(call.Any);
    }

    private static void Backward(ImplicitResult result, bool withPenalties)
    {
        Backward(withPenalties && result.Penalties is { } penalties ? result.Output.sum() + penalties.sum() : result.Output);
        result.Gradient.ThrowIfFailed();
    }

    private static void Backward(Tensor output)
    {
        if (output.requires_grad)
        {
            output.sum().backward();
        }
    }
}
