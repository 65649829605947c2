using ImplicitNet.Training.Data.Series;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Data;

/// <summary>The ways to create a source, such as <c>BatchSource.From(x, y)</c>.</summary>
public static class BatchSources
{
    extension(BatchSource)
    {
        /// <summary>
        /// Batches of rows of tensors, such as a table: row i of each belongs to sample i. The tensors are copied and the caller keeps
        /// them; what happens to them afterwards changes nothing.
        /// </summary>
        /// <param name="inputs">What a model is given: [samples, ...], any dtype; at least one sample.</param>
        /// <param name="targets">
        /// What it should answer: [samples, ...], any dtype. Where it should answer with the inputs, pass them again.
        /// </param>
        /// <param name="batchSize">Samples in a batch; at least 1. The last batch of an epoch holds what is left.</param>
        /// <param name="seed">Seed of the order of the epochs; any value.</param>
        /// <param name="weights">
        /// How much samples, or parts of them, count: [samples, ...], floating point, at least 0; default: all alike.
        /// </param>
        /// <param name="name">A name for messages and reports.</param>
        /// <param name="isShuffled">Whether every epoch has an order of its own; default true.</param>
        /// <exception cref="ArgumentException">The numbers of rows differ, there are no rows, or the weights cannot be weights.</exception>
        /// <exception cref="ArgumentOutOfRangeException">The batch size is below 1.</exception>
        public static TensorBatches From(
            Tensor inputs, Tensor targets, int batchSize = 64, long seed = 1, Tensor? weights = null, string name = "tensors",
            bool isShuffled = true) =>
            new(inputs, targets, weights, name, batchSize, seed) { IsShuffled = isShuffled };

        /// <summary>Batches of samples that a function makes when they are asked for: mazes, sums, solutions of an equation.</summary>
        /// <param name="sample">
        /// Makes input and target, without the batch dimension, from the number of a sample (which is different for every sample of all
        /// parts) and its random numbers; shapes and dtypes must be the same for all. Called from any thread; tensors made on the way are
        /// freed.
        /// </param>
        /// <param name="count">Samples in an epoch; 0 to 2^30.</param>
        /// <param name="part">Which part the samples belong to: the samples of two parts share no random number.</param>
        /// <param name="isFreshEveryEpoch">
        /// Whether every training epoch has new samples; by default they are the same in another order.
        /// </param>
        /// <param name="batchSize">Samples in a batch; at least 1. The last batch of an epoch holds what is left.</param>
        /// <param name="seed">Seed of the samples and of their order; any value.</param>
        /// <param name="name">A name for messages and reports.</param>
        /// <exception cref="ArgumentOutOfRangeException">A number lies outside its range.</exception>
        public static GeneratedBatches Generate(
            Func<long, RandomNumbers, (Tensor Input, Tensor Target)> sample, int count, DataPart part = DataPart.Training,
            bool isFreshEveryEpoch = false, int batchSize = 64, long seed = 1, string name = "generated")
        {
            ArgumentNullException.ThrowIfNull(sample);
            return new FunctionBatches(sample, name, count, batchSize, seed) { Part = part, IsFreshEveryEpoch = isFreshEveryEpoch };
        }

        /// <summary>Batches of windows of a text, to predict the next character from those before it.</summary>
        /// <param name="text">The text; longer than one window. To validate on its end, split the source.</param>
        /// <param name="length">Characters in a window; at least 1.</param>
        /// <param name="stride">
        /// Characters from the beginning of one window to that of the next; default: the length, so that every character is predicted once
        /// per epoch, except those left over at the end, less than one window.
        /// </param>
        /// <param name="vocabulary">The characters and their ids, such as those of a trained model; default: those of the text.</param>
        /// <param name="batchSize">Windows in a batch; at least 1. The last batch of an epoch holds what is left.</param>
        /// <param name="seed">Seed of the order of the epochs; any value.</param>
        /// <param name="name">A name for messages and reports.</param>
        /// <param name="isMovedEveryEpoch">
        /// Whether the windows of every epoch begin at another place (<see cref="TextBatches.IsMovedEveryEpoch"/>): what is learned then
        /// holds better for text that was not seen. Validation, evaluation and the parts that are read by number stay where they are.
        /// </param>
        /// <exception cref="ArgumentException">The text is too short, or has a character that is not in the vocabulary.</exception>
        /// <exception cref="ArgumentOutOfRangeException">A number lies outside its range.</exception>
        public static TextBatches FromText(
            string text, int length, int? stride = null, Vocabulary? vocabulary = null, int batchSize = 64, long seed = 1,
            string name = "text", bool isMovedEveryEpoch = false) =>
            new(text, length, vocabulary ?? Vocabulary.Of(text), stride, name, batchSize, seed) { IsMovedEveryEpoch = isMovedEveryEpoch };

        /// <summary>Batches of windows of time series, to say from one row what the next ones are.</summary>
        /// <param name="series">At least one, all of the same columns, such as <c>TimeSeriesFile.Read("tides.csv")</c>.</param>
        /// <param name="length">Rows that are to be said from one; at least 1.</param>
        /// <param name="scale">The units of the batches: those of what was trained on; default: those of these series.</param>
        /// <param name="batchSize">Windows in a batch; at least 1. The last batch of an epoch holds what is left.</param>
        /// <param name="seed">Seed of the order of the epochs; any value.</param>
        /// <param name="name">A name for messages and reports.</param>
        /// <exception cref="ArgumentException">There is no window, columns differ, or the scale is of another number of them.</exception>
        /// <exception cref="ArgumentOutOfRangeException">A number lies outside its range.</exception>
        public static TimeSeriesBatches FromSeries(
            IReadOnlyList<TimeSeries> series, int length, SeriesScale? scale = null, int batchSize = 64, long seed = 1,
            string name = "series") =>
            new(series, length, scale ?? SeriesScale.Of(series), name, batchSize, seed);

        /// <summary>Batches of a data loader of TorchSharp whose data set gives tensors by name.</summary>
        /// <param name="loader">
        /// The loader. It shuffles as it was set up to, in every epoch alike if it has a seed. The caller keeps it, and disposes it after
        /// the last epoch.
        /// </param>
        /// <param name="inputs">The key of what a model is given.</param>
        /// <param name="targets">The key of what it should answer.</param>
        /// <param name="weights">The key of how much samples count; default: all alike. Other keys become <see cref="Batch.More"/>.</param>
        /// <param name="seed">The seed of what a device draws in a training step.</param>
        /// <param name="name">A name for messages and reports.</param>
        public static LoaderBatches FromLoader(
            DataLoader loader, string inputs, string targets, string? weights = null, long seed = 1, string name = "loader")
        {
            ArgumentNullException.ThrowIfNull(loader);
            ArgumentNullException.ThrowIfNull(inputs);
            ArgumentNullException.ThrowIfNull(targets);
            return new(name, () => DataLoaders.Read(loader, inputs, targets, weights), DataLoaders.Size(loader), seed);
        }

        /// <summary>Batches of a data loader of TorchSharp whose data set gives inputs, targets and perhaps weights.</summary>
        /// <param name="loader">
        /// The loader. It shuffles as it was set up to, in every epoch alike if it has a seed. The caller keeps it, and disposes it after
        /// the last epoch.
        /// </param>
        /// <param name="seed">The seed of what a device draws in a training step.</param>
        /// <param name="name">A name for messages and reports.</param>
        public static LoaderBatches FromLoader(IterableDataLoader loader, long seed = 1, string name = "loader")
        {
            ArgumentNullException.ThrowIfNull(loader);
            return new(name, () => DataLoaders.Read(loader), DataLoaders.Size(loader), seed);
        }

        /// <summary>Batches from anywhere: every epoch and every evaluation enumerates them once, from the beginning.</summary>
        /// <param name="batches">
        /// A sequence that makes its batches anew in every pass, as an iterator does: a batch is freed once it was read, so a list of
        /// batches would last for one pass only. Every pass has the same number of batches.
        /// </param>
        /// <param name="size">Samples and batches of one pass; default: they are counted, which costs a pass.</param>
        /// <param name="seed">The seed of what a device draws in a training step.</param>
        /// <param name="name">A name for messages and reports.</param>
        public static LoaderBatches FromBatches(
            IEnumerable<Batch> batches, (long Samples, long Batches)? size = null, long seed = 1, string name = "batches")
        {
            ArgumentNullException.ThrowIfNull(batches);
            return new(name, () => batches, size, seed);
        }
    }
}
