using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Networks;

/// <summary>
/// Which samples of a batch stay in a graph. A product with 0 leaves none out: 0 times NaN is NaN, and a weight's gradient is a sum over
/// samples. What takes part in a graph is therefore chosen, and stands in for a sample that is left out.
/// </summary>
internal sealed class SampleMask(bool[] included)
{
    private readonly int _first = Array.IndexOf(included, true);

    /// <summary>Whether every sample stays; an empty batch's do.</summary>
    public bool All { get; } = Array.TrueForAll(included, value => value);

    /// <summary>Whether none of at least one does.</summary>
    public bool None => included.Length > 0 && _first < 0;

    /// <summary>The samples whose elements are finite, and all where a sum says so at once.</summary>
    /// <param name="rows">[batch, ...], floating point.</param>
    public static SampleMask OfFinite(Tensor rows)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        int batch = (int)rows.shape[0];
        if (rows.numel() == 0 || double.IsFinite(rows.sum().ToDouble()))
        {
            return new SampleMask([.. Enumerable.Repeat(true, batch)]);
        }

        return new SampleMask([.. rows.isfinite().reshape(batch, -1).all(1).cpu().data<bool>()]);
    }

    /// <summary>
    /// Rows of one tensor where samples stay, of the other where they do not; no gradient reaches the others' of the first.
    /// </summary>
    /// <param name="kept">[batch, ...].</param>
    /// <param name="other">The same shape, or one that becomes it.</param>
    public Tensor Choose(Tensor kept, Tensor other)
    {
        long[] column = [included.Length, .. Enumerable.Repeat(1L, (int)kept.ndim - 1)];
        return where(tensor(included, device: kept.device).reshape(column), kept, other);
    }

    /// <summary>The rows with one that stays in the place of those that do not, or zeros where none stays.</summary>
    /// <param name="rows">[batch, ...].</param>
    public Tensor Neutral(Tensor rows) =>
        All ? rows : Choose(rows, _first < 0 ? zeros_like(rows) : rows.detach().narrow(0, _first, 1));

    /// <summary>The mean over the samples that stay; NaN, with a gradient of 0, where none does.</summary>
    /// <param name="losses">One loss a sample: [batch].</param>
    /// <returns>A scalar in the graph. The caller owns it.</returns>
    /// <exception cref="ArgumentException">The shape is another, or the dtype no floating-point one.</exception>
    public Tensor Average(Tensor losses)
    {
        TensorCheck.EnsureBatch(losses, nameof(losses), "The losses", isNumber: false);
        if (losses.ndim != 1 || losses.shape[0] != included.Length)
        {
            throw new ArgumentException(
                $"One loss for each of {included.Length} samples is needed. Given: {TensorCheck.Shape(losses)}.", nameof(losses));
        }

        if (!losses.is_floating_point())
        {
            throw new ArgumentException($"Losses must be floating point. Given: {losses.dtype}.", nameof(losses));
        }

        if (All && included.Length > 0)
        {
            return losses.mean();
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor mask = tensor(included, device: losses.device);

        // Chosen by where, not by a product: an excluded loss may be NaN, and NaN times 0 is NaN.
        Tensor sum = where(mask, losses, zeros_like(losses)).sum();
        int count = included.Count(value => value);
        return (count == 0 ? sum + double.NaN : sum / count).MoveToOuterDisposeScope();
    }

    /// <summary>A value that is constant, with a graph that sends exactly 0 to what it would depend on.</summary>
    /// <param name="value">Any.</param>
    /// <param name="sources">Those that require no gradient are passed over.</param>
    public static Tensor Unmoved(Tensor value, IEnumerable<Tensor> sources)
    {
        Tensor never = zeros([1], dtype: ScalarType.Bool);
        Tensor sum = value.detach();
        foreach (Tensor source in sources.Where(source => source.requires_grad))
        {
            Tensor nothing = where(never.to(source.device), source, zeros_like(source)).sum();
            sum = sum + nothing.to(value.dtype).to(value.device);
        }

        return sum;
    }
}
