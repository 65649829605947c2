using ImplicitNet.Batches;
using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers.QuasiNewton;

/// <summary>
/// Where every sample of a solve stands, for methods that work on the latents as rows: [batch, n], in the memory order
/// that the map itself returns.
/// </summary>
/// <remarks>
/// Residuals, and all that is computed from them, are float64 for float64 latents and float32 for all others. What is
/// handed out is never written to again.
/// </remarks>
/// <param name="map">The map; it must outlive this.</param>
/// <param name="start">u at step 0: [batch, ...].</param>
/// <param name="history">Steps whose residuals <see cref="LargestNorm"/> looks at.</param>
internal sealed class IterateRows(FixedPointMap map, Tensor start, int history) : IDisposable
{
    private readonly Tensor _start = start.alias().DetachFromDisposeScope();
    private readonly List<double[]> _pastNorms = [];
    private LatentLayout _layout;
    private Tensor? _latent;
    private Tensor? _residual;

    /// <summary>The map of the samples still in the batch.</summary>
    public FixedPointMap Map { get; private set; } = map;

    /// <summary>False before the first residual.</summary>
    public bool IsMeasured => _residual is not null;

    /// <summary>u: [count, n], in the latents' dtype.</summary>
    public Tensor Latent => _latent!;

    /// <summary>map(u) - u: [count, n].</summary>
    public Tensor Residual => _residual!;

    /// <summary>The L2 norm of every row of the residual.</summary>
    public double[] Norms { get; private set; } = [];

    /// <summary>Rows that are still worth an evaluation: not finished, and with a finite residual.</summary>
    public bool[] Live { get; private set; } = [];

    public Device Device => _start.device;

    /// <summary>Measures the residual at the start.</summary>
    public void MeasureStart()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor mapped = Map.Evaluate(_start);
        _layout = LatentLayout.Of(mapped);
        Live = [.. Enumerable.Repeat(true, (int)_start.shape[0])];
        MoveTo(Measured(_layout.Flatten(_start), mapped));
    }

    /// <summary>What the map makes of some candidates.</summary>
    /// <param name="latent">[count, n], for all rows or for those named.</param>
    /// <param name="positions">The rows that are tried; null for all.</param>
    public TrialRows Try(Tensor latent, int[]? positions = null)
    {
        Tensor candidate = latent.to(_start.dtype);
        if (positions is null || positions.Length == Norms.Length)
        {
            return Measured(candidate, Map.Evaluate(Restore(candidate)));
        }

        using FixedPointMap restricted = Map.Restrict(Indices(positions));
        return Measured(candidate, restricted.Evaluate(Restore(candidate)));
    }

    /// <summary>The largest norm of a row's residual over the last steps, this one included.</summary>
    public double LargestNorm(int position) => Math.Max(Norms[position], _pastNorms.Select(past => past[position]).DefaultIfEmpty().Max());

    /// <summary>Moves to what was tried. All rows.</summary>
    public void Accept(TrialRows trial)
    {
        _pastNorms.Add(Norms);
        if (_pastNorms.Count >= history)
        {
            _pastNorms.RemoveAt(0);
        }

        MoveTo(trial);
    }

    /// <summary>The iterate and its residual, for the loop, which owns these two views.</summary>
    public FixedPointStep ToStep() =>
        new(Restore(Latent).DetachFromDisposeScope(), Restore(Residual).DetachFromDisposeScope());

    /// <summary>The loop has finished these rows; they stay in the batch for a while.</summary>
    public void Finish(IReadOnlyList<int> positions)
    {
        foreach (int position in positions)
        {
            Live[position] = false;
        }
    }

    /// <summary>Goes on with some rows only.</summary>
    public void Restrict(FixedPointMap map, Tensor samples)
    {
        using DisposeScope scope = NewDisposeScope();
        int[] kept = [.. samples.to(CPU).data<long>().Select(sample => (int)sample)];
        bool[] live = Live;
        Live = [.. kept.Select(position => live[position])];
        for (int i = 0; i < _pastNorms.Count; i++)
        {
            double[] past = _pastNorms[i];
            _pastNorms[i] = [.. kept.Select(position => past[position])];
        }

        MoveTo(new TrialRows(Latent.index_select(0, samples), Residual.index_select(0, samples),
            [.. kept.Select(position => Norms[position])]));
        Map = map;
    }

    /// <summary>Rows [count, n] as latents [count, ...], in the memory layout of the map's results.</summary>
    public Tensor Restore(Tensor rows) => _layout.Restore(rows);

    /// <summary>Latents [count, ...] as rows.</summary>
    public Tensor Flatten(Tensor latents) => _layout.Flatten(latents);

    /// <summary>map(u) - u: [count, n].</summary>
    /// <param name="latent">u, as rows.</param>
    /// <param name="mapped">map(u), as the map returned it.</param>
    public Tensor ResidualOf(Tensor latent, Tensor mapped)
    {
        ScalarType working = Precision.Of(latent.dtype).Working;
        return _layout.Flatten(mapped).to(working) - latent.to(working);
    }

    /// <summary>The layout of the rows.</summary>
    public LatentLayout Layout => _layout;

    public Tensor Indices(IReadOnlyList<int> positions) => RowIndices.Of(positions, Device);

    /// <summary>One number for every row as a column: [count, 1].</summary>
    public Tensor Column(IReadOnlyList<double> values) =>
        tensor(values.ToArray(), dtype: Residual.dtype, device: Device).unsqueeze(1);

    public void Dispose()
    {
        _start.Dispose();
        _latent?.Dispose();
        _residual?.Dispose();
    }

    private void MoveTo(TrialRows trial)
    {
        Tensor latent = trial.Latent.DetachFromDisposeScope();
        Tensor residual = trial.Residual.DetachFromDisposeScope();
        _latent?.Dispose();
        _residual?.Dispose();
        _latent = latent;
        _residual = residual;
        Norms = trial.Norms;
        for (int position = 0; position < Norms.Length; position++)
        {
            Live[position] &= double.IsFinite(Norms[position]);
        }
    }

    private TrialRows Measured(Tensor latent, Tensor mapped)
    {
        Tensor residual = ResidualOf(latent, mapped);
        return new TrialRows(latent, residual, RowNorms.Of(residual));
    }
}
