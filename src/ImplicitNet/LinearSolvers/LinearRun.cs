using ImplicitNet.Batches;
using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>
/// The one loop that the Krylov methods run in: cycles from the residual of x to a better x, until every sample has ended.
/// A correction is kept only when it makes the residual less, so the answer of a sample is its best x.
/// </summary>
internal sealed class LinearRun(LinearSystem system, KrylovMethod method)
{
    // Ended samples are paid for until they are this part of those in the products, which bounds that to 3 %; leaving
    // copies what the method holds.
    private const int LeavingDivisor = 32;

    private readonly Tensor _solution = system.Start?.clone() ?? zeros_like(system.RightSide);
    private readonly LinearProgress[] _samples = system.Begin();

    /// <summary>Solves. The caller owns the solution.</summary>
    public LinearSolution Solve()
    {
        (int[] open, Tensor residual) = Begin();
        while (open.Length > 0)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor before = residual;
            (open, residual) = Cycle(open, before);
            residual.MoveToOuterDisposeScope();
            before.Dispose();
        }

        return new LinearSolution(
            _solution.DetachFromDisposeScope(), [.. _samples.Select(sample => sample.Report)], system.Linear.Products);
    }

    /// <summary>The samples that a cycle is due for, and their residuals at the start.</summary>
    private (int[] Open, Tensor Residual) Begin()
    {
        int[] asked = [.. Positions(_samples.Length, i => _samples[i].IsOpen)];
        if (system.Start is null || asked.Length == 0)
        {
            return Due(asked, Rows(system.RightSide, asked));
        }

        (Tensor residual, double[] norms) = Measure(asked, Rows(system.Start, asked));
        for (int row = 0; row < asked.Length; row++)
        {
            _samples[asked[row]].Begin(norms[row], products: 1);
        }

        return Due(asked, residual);
    }

    private (int[] Open, Tensor Residual) Cycle(int[] open, Tensor residual)
    {
        Tensor sizes = tensor(open.Select(sample => _samples[sample].Residual)
            .ToArray(), dtype: residual.dtype, device: residual.device).unsqueeze(1);
        (double, double)[] reached = new (double, double)[open.Length];
        Tensor candidate = Rows(_solution, open) + (Corrections(open, residual / sizes, reached) * sizes);
        bool[] isFinite = [.. candidate.isfinite().all(1).cpu().data<bool>()];

        List<int> accepted = [];
        List<int> measured = [];
        for (int row = 0; row < open.Length; row++)
        {
            LinearProgress sample = _samples[open[row]];
            if (!isFinite[row])
            {
                sample.Drop();
            }
            else if (sample.EndCycle(method, reached[row]))
            {
                measured.Add(row);
            }
            else if (sample.Accept(method))
            {
                accepted.Add(row);
            }
        }

        int[] left = [.. measured.Select(row => open[row])];
        Tensor next = residual.narrow(0, 0, 0);
        if (left.Length > 0)
        {
            (next, double[] norms) = Measure(left, Rows(candidate, measured));
            accepted.AddRange(measured.Where((_, i) => _samples[left[i]].Measure(norms[i], method)));
        }

        _solution.index_copy_(0, Indices([.. accepted.Select(row => open[row])]), Rows(candidate, accepted));
        return Due(left, next);
    }

    /// <summary>Runs one cycle until it has ended for every sample: [open, n].</summary>
    private Tensor Corrections(int[] open, Tensor unit, (double, double)[] reached)
    {
        Tensor corrections = zeros_like(unit);
        using KrylovCycle cycle = method.Begin(unit)
            ?? throw new InvalidOperationException($"{nameof(KrylovSolver)}.{nameof(KrylovSolver.Begin)} returned null.");
        Stack<LinearOperator> operators = new([Operator(open)]);
        int[] rows = [.. Positions(open.Length, _ => true)];
        bool[] ended = new bool[rows.Length];
        try
        {
            while (!ended.All(isEnded => isEnded))
            {
                using DisposeScope scope = NewDisposeScope();
                KrylovStep[] steps = Checked(cycle.Step(operators.Peek()), rows.Length);
                int[] ending = [.. Positions(rows.Length, i => !ended[i] && _samples[open[rows[i]]].Take(steps[i]))];
                if (ending.Length > 0)
                {
                    corrections.index_copy_(0, Indices([.. ending.Select(i => rows[i])]), cycle.Corrections(ending));
                }

                foreach (int i in ending)
                {
                    ended[i] = true;
                    reached[rows[i]] = cycle.Reached(i);
                }

                int count = ended.Count(isEnded => isEnded);
                if (count < rows.Length && count > 0 && count * LeavingDivisor >= rows.Length)
                {
                    int[] kept = [.. Positions(rows.Length, i => !ended[i])];
                    cycle.Restrict(kept);
                    rows = [.. kept.Select(i => rows[i])];
                    ended = new bool[rows.Length];

                    // Of the last restriction, not of the whole: an operator may have prepared something for those it was left with.
                    operators.Push(operators.Peek().Restrict(Indices(kept)));
                }
            }
        }
        finally
        {
            while (operators.TryPop(out LinearOperator? linear))
            {
                linear.Dispose();
            }
        }

        return corrections;
    }

    private static KrylovStep[] Checked(KrylovStep[]? steps, int count) => steps?.Length == count
        ? steps
        : throw new InvalidOperationException(
            $"A step of the linear solver must say where each of {count} rows stands. It says it for {steps?.Length ?? 0}.");

    /// <summary>b - A x, and its norms, for one product.</summary>
    private (Tensor Residual, double[] Norms) Measure(int[] samples, Tensor vectors)
    {
        using LinearOperator linear = Operator(samples);
        Tensor residual = Rows(system.RightSide, samples) - linear.Apply(vectors);
        return (residual, RowNorms.Of(residual));
    }

    /// <summary>Those of some samples that another cycle is due for, with their residuals.</summary>
    private (int[] Open, Tensor Residual) Due(int[] samples, Tensor residual)
    {
        foreach (int sample in samples.Where(sample => _samples[sample].IsOpen))
        {
            _samples[sample].BeginCycle(method);
        }

        int[] rows = [.. Positions(samples.Length, i => _samples[samples[i]].IsOpen)];
        return ([.. rows.Select(row => samples[row])], Rows(residual, rows));
    }

    /// <summary>The operators of some samples; to be disposed in any case.</summary>
    private LinearOperator Operator(int[] samples) =>
        samples.Length == _samples.Length ? system.Linear.Whole() : system.Linear.Restrict(Indices(samples));

    private Tensor Indices(IReadOnlyList<int> positions) => RowIndices.Of(positions, _solution.device);

    private Tensor Rows(Tensor all, IReadOnlyList<int> positions) => all.index_select(0, Indices(positions));

    private static IEnumerable<int> Positions(int count, Func<int, bool> condition) => Enumerable.Range(0, count).Where(condition);
}
