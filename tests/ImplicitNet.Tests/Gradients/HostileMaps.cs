using System.Runtime.InteropServices;
using ImplicitNet.Certification;
using ImplicitNet.Gradients;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients;

/// <summary>Maps that native autograd cannot differentiate, in the hands of everything that does. Run in a process of their own.</summary>
internal static class HostileMaps
{
    private static readonly Dictionary<string, Func<Tensor, Tensor, Tensor>> Maps = new()
    {
        ["in place on a saved result"] = (u, q) =>
        {
            Tensor v = (u * 0.3).exp();
            v.add_(1);
            return (v * 0.1) + q;
        },
        ["grid sample"] = (u, q) => (nn.functional.grid_sample(u.sin(), Grid(u), align_corners: false) * 0.3) + q,
        ["grid that moves"] = (u, q) => (nn.functional.grid_sample(q, Grid(u) + (u.mean() * 0.1), align_corners: false) * 0.3) + q,
        ["distances"] = (u, q) => (cdist(u, q) * 0.1) + q,
        ["fused attention"] = (u, q) => (nn.functional.scaled_dot_product_attention(u, u, q) * 0.3) + q,
        ["freed graph"] = (u, q) => (u * 0.3) + q + Freed(u),
        ["another device"] = (u, q) => (u * 0.3).to(new Device(DeviceType.META)) + q.to(new Device(DeviceType.META)),
        ["hidden by detach"] = (u, q) => (u.detach() * 0.3) + q,
        ["hidden by no_grad"] = (u, q) =>
        {
            using IDisposable noGraph = no_grad();
            return (u * 0.3) + q;
        },
        ["throws with a gradient"] = (u, q) => u.requires_grad ? throw new TimeoutException("sensor offline") : (u * 0.3) + q,
        ["sorted"] = (u, q) => (u.sort(1).Values * 0.3) + q,
    };

    private static Tensor Start => zeros(2, 1, 4, 4);

    /// <summary>Every map in every use.</summary>
    public static IReadOnlyList<(string Case, Action Run)> Cases()
    {
        List<(string, Action)> cases = [];
        foreach ((string name, Func<Tensor, Tensor, Tensor> map) in Maps)
        {
            foreach ((string use, Action<Func<Tensor, Tensor, Tensor>> run) in Uses())
            {
                cases.Add(($"{name}, {use}", () => InScope(run, map)));
            }
        }

        return cases;
    }

    private static void InScope(Action<Func<Tensor, Tensor, Tensor>> run, Func<Tensor, Tensor, Tensor> map)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        run(map);
    }

    private static Dictionary<string, Action<Func<Tensor, Tensor, Tensor>>> Uses() => new()
    {
        ["Newton"] = map => Solve(map, new NewtonKrylovSolver()),
        ["Newton by CGNR"] = map => Solve(map, new NewtonKrylovSolver { LinearSolver = new CgnrSolver() }),
        ["Newton by CG"] = map => Solve(map, new NewtonKrylovSolver { LinearSolver = new ConjugateGradientSolver() }),
        ["chain"] = map => Solve(map, new SolverChain { Solvers = [new AndersonSolver(), new NewtonKrylovSolver()] }),
        ["JFB"] = map => Backward(map, new JacobianFreeGradient()),
        ["Neumann"] = map => Backward(map, new NeumannGradient()),
        ["refined"] = map => Backward(map, new RefinedGradient()),
        ["exact"] = map => Backward(map, new ImplicitGradient()),
        ["exact by CGNR"] = map => Backward(map, new ImplicitGradient { Solver = new CgnrSolver() }),
        ["exact by CG"] = map => Backward(map, new ImplicitGradient { Solver = new ConjugateGradientSolver() }),
        ["inverse reuse"] = map => Backward(map, new InverseReuseGradient { Products = 3 }),
        ["phantom"] = map => Backward(map, new PhantomGradient()),
        ["unrolled"] = map => Backward(map, new UnrolledGradient { Steps = 9 }),
        ["exact, changed"] = map => Backward(map, new ImplicitGradient(), change: true),
        ["unrolled, changed"] = map => Backward(map, new UnrolledGradient { Steps = 9 }, change: true),
        ["penalty"] = map => Backward(new JacobianPenalty().Estimate(Bound(map, out Tensor q), Start + q.detach()).sum()),
        ["measured"] = map => Contraction.Measure(Bound(map, out _), randn(2, 1, 4, 4)),
        ["network"] = map => Network(map).MeasureContraction(randn(2, 1, 4, 4)),
        ["certified"] = map => new GradientCertifier { ConditionSamples = 1, GradientsBySample = true }.Certify(Network(map), randn(2, 1, 4, 4), output => output.square().sum(1)),
    };

    private static Tensor Grid(Tensor u) => (tensor(Enumerable.Range(0, 32).Select(i => (float)Math.Sin(i)).ToArray()).reshape(1, 4, 4, 2)).expand(u.shape[0], 4, 4, 2);

    private static Tensor Freed(Tensor u)
    {
        using IDisposable graph = enable_grad();
        Tensor leaf = zeros(u.shape).requires_grad_();
        Tensor value = leaf.exp() * 0;
        value.sum().backward();
        return value;
    }

    private static PerSampleMap Bound(Func<Tensor, Tensor, Tensor> map, out Tensor q)
    {
        Tensor input = randn(2, 1, 4, 4).requires_grad_();
        q = input;
        return new PerSampleMap((u, inputs) => map(u, inputs.PerSample[0]), new MapInputs { PerSample = [input], Parameters = [] });
    }

    private static void Solve(Func<Tensor, Tensor, Tensor> map, FixedPointSolver solver)
    {
        using PerSampleMap bound = Bound(map, out _);
        using FixedPointSolution solution = FixedPoint.Solve(bound, Start, solver);
    }

    private static void Backward(Func<Tensor, Tensor, Tensor> map, FixedPointGradient gradient, bool change = false)
    {
        using PerSampleMap bound = Bound(map, out Tensor q);
        using FixedPointSolution solution = FixedPoint.Solve(bound, Start, new BroydenSolver { KeepInverse = true });
        GradientReport report = new();
        Tensor loss = gradient.Attach(bound, solution, report).square().sum();
        if (change)
        {
            using IDisposable noGraph = no_grad();
            q.add_(1);
        }

        Backward(loss);
        report.ThrowIfFailed();
    }

    /// <summary>What torch answers to the caller's own call is torch's affair, native stack and all.</summary>
    private static void Backward(Tensor loss)
    {
        if (!loss.requires_grad)
        {
            return;
        }

        try
        {
            loss.backward();
        }
        catch (ExternalException exception)
        {
            throw new InvalidOperationException($"By torch: {exception.Message.Split('\n')[0]}");
        }
    }

    private static ImplicitNetwork Network(Func<Tensor, Tensor, Tensor> map) =>
        new(nn.Sequential(nn.Conv2d(1, 1, 1)), new ModuleOperator(new Function(map)), nn.Sequential(nn.Flatten()))
        {
            OnFailure = new WarnOnFailure { Warn = _ => { } },
            Gradient = new ImplicitGradient(),
        };

    private sealed class Function(Func<Tensor, Tensor, Tensor> map) : nn.Module<Tensor, Tensor, Tensor>(nameof(Function))
    {
        public override Tensor forward(Tensor u, Tensor q) => map(u, q);
    }
}
