using ImplicitNet.Flows;
using ImplicitNet.Flows.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients.Flows;

/// <summary>
/// One step of every row taken back: <c>w_i = h (b_i lambda + sum_(j > i) a_ji g_j)</c>, <c>g_i = J_i^T w_i</c>, <c>lambda += sum g_i</c>.
/// </summary>
internal sealed class ReversedStep : IDisposable
{
    /// <summary>The block of the states that steps begin with.</summary>
    public const int State = 0;

    /// <summary>A block for whoever needs one.</summary>
    public const int Spare = 2;

    /// <summary>The block of the first stage.</summary>
    public const int Stages = 3;

    private const int Argument = 1;

    private readonly FlowRecord _record;
    private readonly ButcherTableau _tableau;
    private readonly StageGraphs _graphs;
    private readonly int _pulled;
    private readonly int _vector;
    private readonly int _arguments;

    public ReversedStep(FlowRecord record, StageGraphs graphs, Tensor like)
    {
        (_record, _tableau, _graphs) = (record, record.Tableau, graphs);
        int stages = _tableau.Stages;

        // Blocks that are summed together stand together: lambda, and what was pulled back.
        Lambda = Stages + stages;
        _pulled = Lambda + 1;
        _vector = _pulled + stages;
        Between = _vector + 1;
        _arguments = Between + stages;
        Rows = RowArenas.Like(like, _arguments + stages);
    }

    /// <summary>All blocks.</summary>
    public RowArena Rows { get; }

    /// <summary>The block of what came to the states after the step.</summary>
    public int Lambda { get; }

    /// <summary>The first block of what comes to stages from within the step.</summary>
    public int Between { get; }

    /// <summary>A step of every row, without a graph: the states become the next ones.</summary>
    public void Take(double[] times, double[] sizes)
    {
        int stages = Count(hasBetween: false);
        for (int stage = 0; stage < stages; stage++)
        {
            Rows.Combine(Argument, State, sizes, _tableau.Coefficients[stage], Stages);
            Rows.Take(Stages + stage, _graphs.Plain(stage, At(times, sizes, stage), Rows.View(Argument)));
        }

        Rows.Combine(State, State, sizes, _tableau.Weights.AsSpan(0, stages), Stages);
    }

    /// <summary>Stages that have a say: the last of some methods only where something is asked within the step.</summary>
    public int Count(bool hasBetween) => _tableau.IsFirstSameAsLast && !hasBetween ? _tableau.Stages - 1 : _tableau.Stages;

    /// <summary>Evaluates the stages, each in a graph of its own.</summary>
    /// <param name="times">Where steps begin.</param>
    /// <param name="sizes">How long they are.</param>
    /// <param name="stages">How many.</param>
    /// <param name="hasBetween">In which rows something is asked within the step.</param>
    public void Evaluate(double[] times, double[] sizes, int stages, bool[] hasBetween)
    {
        for (int stage = 0; stage < stages; stage++)
        {
            // A stage that has a say in some rows alone is that of the step's start in the others: what is sent back through it is 0
            // there, and 0 times the slope of a field that has none where the step ends would be NaN.
            double[] lengths = stage < Count(hasBetween: false) ? sizes : [.. sizes.Zip(hasBetween, (size, has) => has ? size : 0)];
            Rows.Combine(_arguments + stage, State, lengths, _tableau.Coefficients[stage], Stages);
            Rows.Take(Stages + stage, _graphs.Evaluate(stages, stage, At(times, lengths, stage), Rows.View(_arguments + stage)));
        }
    }

    /// <summary>Puts the states after the step into a block.</summary>
    public void Next(int block, double[] sizes, int stages) =>
        Rows.Combine(block, State, sizes, _tableau.Weights.AsSpan(0, stages), Stages);

    /// <summary>Sends lambda, and what comes in between, back through the stages.</summary>
    /// <param name="sizes">0: nothing goes back.</param>
    /// <param name="stages">How many.</param>
    /// <param name="hasBetween">Whether anything comes in between.</param>
    /// <param name="isProbe">Whether inputs and parameters are left alone.</param>
    /// <returns>What goes to the length of the step, and to its beginning at that length; zeros where nobody needs it.</returns>
    public (double[] BySize, double[] ByTime) Pull(double[] sizes, int stages, bool hasBetween, bool isProbe)
    {
        double[] bySize = new double[sizes.Length], byTime = new double[sizes.Length];
        double[] coefficients = new double[stages + 1];
        for (int stage = stages - 1; stage >= 0; stage--)
        {
            using DisposeScope scope = NewDisposeScope();
            coefficients[0] = _tableau.Weights[stage];
            for (int later = 0; later < stages; later++)
            {
                coefficients[later + 1] = later > stage ? _tableau.Coefficients[later][stage] : 0;
            }

            Rows.Combine(_vector, -1, sizes, coefficients, Lambda);
            if (hasBetween)
            {
                Rows.Combine(_vector, _vector, sizes, [1], Between + stage);
            }

            (Tensor? toState, Tensor? toTime) = _graphs.Back(stage, Rows.View(_vector), isProbe);
            Rows.Take(_pulled + stage, toState ?? zeros_like(Rows.View(_vector)));
            if (_record.NeedsTimes)
            {
                AddTimes(stage, sizes, toTime, bySize, byTime);
            }
        }

        return (bySize, byTime);
    }

    /// <summary>Adds what was pulled back to lambda, which is then that of the states before the step.</summary>
    public void Fold(int stages) => Rows.Combine(Lambda, Lambda, [], [.. Enumerable.Repeat(1.0, stages)], _pulled);

    /// <inheritdoc/>
    public void Dispose() => Rows.Dispose();

    private void AddTimes(int stage, double[] sizes, Tensor? toTime, double[] bySize, double[] byTime)
    {
        double[] dots = new double[sizes.Length];
        Rows.Dots(_vector, Stages + stage, dots);
        double[] moved = toTime is null ? new double[sizes.Length] : [.. toTime.to(ScalarType.Float64).cpu().data<double>()];
        for (int row = 0; row < sizes.Length; row++)
        {
            if (sizes[row] != 0)
            {
                bySize[row] += (dots[row] / sizes[row]) + (_tableau.Nodes[stage] * moved[row]);
                byTime[row] += moved[row];
            }
        }
    }

    private double[] At(double[] times, double[] sizes, int stage)
    {
        double node = _tableau.Nodes[stage];
        double[] at = new double[times.Length];
        for (int row = 0; row < at.Length; row++)
        {
            at[row] = node == 0 ? times[row] : times[row] + (node * sizes[row]);
        }

        return at;
    }
}
