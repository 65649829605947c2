using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Data;

/// <summary>Where to begin: the sources there are, as <c>BatchSource.From(x, y)</c> and its like.</summary>
public static class BatchSources
{
    extension(BatchSource)
    {
        /// <summary>
        /// Batches of rows of tensors, such as a table: row i of each belongs to sample i. The tensors are copied and stay the caller's;
        /// what happens to them afterwards changes nothing.
        /// </summary>
        /// <param name="inputs">What a model is given: [samples, ...], any dtype; at least one sample.</param>
        /// <param name="targets">What it is to answer: [samples, ...], any dtype. To answer with the inputs, give them again.</param>
        /// <param name="batchSize">Samples in a batch; at least 1. The last batch of an epoch holds what is left.</param>
        /// <param name="seed">Seed of the order of the epochs; any value.</param>
        /// <param name="weights">What samples, or parts of them, count: [samples, ...], floating, at least 0; default: alike.</param>
        /// <param name="name">A name for messages and reports.</param>
        /// <param name="isShuffled">Whether every epoch has an order of its own; default: yes.</param>
        /// <exception cref="ArgumentException">The rows differ in number, there are none, or the weights are no weights.</exception>
        /// <exception cref="ArgumentOutOfRangeException">The batch size is below 1.</exception>
        public static TensorBatches From(
            Tensor inputs, Tensor targets, int batchSize = 64, long seed = 1, Tensor? weights = null, string name = "tensors",
            bool isShuffled = true) =>
            new(inputs, targets, weights, name, batchSize, seed) { IsShuffled = isShuffled };

        /// <summary>Batches of samples that a function makes when they are asked for: mazes, sums, solutions of an equation.</summary>
        /// <param name="sample">
        /// From the number of a sample (another one for every sample of all parts) and its random numbers to input and target, without the
        /// dimension of the batch: the same shapes and dtypes for all. Called from any thread; tensors it makes on the way are freed.
        /// </param>
        /// <param name="count">Samples in an epoch; 0 to 2^30.</param>
        /// <param name="part">Which samples: those of two parts share no random number.</param>
        /// <param name="isFreshEveryEpoch">Whether every epoch trained on has new samples; default: the same in another order.</param>
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

        /// <summary>Windows of a text, to predict the next character from those before.</summary>
        /// <param name="text">The text; longer than one window. For its end as validation, split the source.</param>
        /// <param name="length">Characters in a window; at least 1.</param>
        /// <param name="stride">
        /// Characters from the beginning of a window to that of the next; default: the length, so that a character is predicted once an
        /// epoch, and what is left at the end, less than a window, is not.
        /// </param>
        /// <param name="vocabulary">The characters and their ids, such as those of a trained model; default: those of the text.</param>
        /// <param name="batchSize">Windows in a batch; at least 1. The last batch of an epoch holds what is left.</param>
        /// <param name="seed">Seed of the order of the epochs; any value.</param>
        /// <param name="name">A name for messages and reports.</param>
        /// <exception cref="ArgumentException">The text is too short, or has a character that is not in the vocabulary.</exception>
        /// <exception cref="ArgumentOutOfRangeException">A number lies outside its range.</exception>
        public static TextBatches FromText(
            string text, int length, int? stride = null, Vocabulary? vocabulary = null, int batchSize = 64, long seed = 1,
            string name = "text") =>
            new(text, length, vocabulary ?? Vocabulary.Of(text), stride, name, batchSize, seed);

        /// <summary>The batches of a data loader of TorchSharp, whose data set gives tensors by name.</summary>
        /// <param name="loader">
        /// Shuffles as it was told to; with a seed, every epoch alike. It stays the caller's, to dispose of after the last epoch.
        /// </param>
        /// <param name="inputs">The key of what a model is given.</param>
        /// <param name="targets">The key of what it is to answer.</param>
        /// <param name="weights">The key of what samples count; default: all alike. Other keys come as <see cref="Batch.More"/>.</param>
        /// <param name="seed">What a device draws in a training step goes by it.</param>
        /// <param name="name">A name for messages and reports.</param>
        public static LoaderBatches FromLoader(
            DataLoader loader, string inputs, string targets, string? weights = null, long seed = 1, string name = "loader")
        {
            ArgumentNullException.ThrowIfNull(loader);
            ArgumentNullException.ThrowIfNull(inputs);
            ArgumentNullException.ThrowIfNull(targets);
            return new(name, () => DataLoaders.Read(loader, inputs, targets, weights), DataLoaders.Size(loader), seed);
        }

        /// <summary>The batches of a data loader of TorchSharp whose data set gives inputs, targets and perhaps weights.</summary>
        /// <param name="loader">
        /// Shuffles as it was told to; with a seed, every epoch alike. It stays the caller's, to dispose of after the last epoch.
        /// </param>
        /// <param name="seed">What a device draws in a training step goes by it.</param>
        /// <param name="name">A name for messages and reports.</param>
        public static LoaderBatches FromLoader(IterableDataLoader loader, long seed = 1, string name = "loader")
        {
            ArgumentNullException.ThrowIfNull(loader);
            return new(name, () => DataLoaders.Read(loader), DataLoaders.Size(loader), seed);
        }

        /// <summary>Batches from anywhere: every epoch, and every evaluation, enumerates them once from the front.</summary>
        /// <param name="batches">
        /// Makes its batches anew in every pass, as an iterator does: whoever reads a batch frees it, and a list of batches would last for
        /// one pass. Every pass has as many.
        /// </param>
        /// <param name="size">Samples and batches of one pass; default: they are counted, which costs a pass.</param>
        /// <param name="seed">What a device draws in a training step goes by it.</param>
        /// <param name="name">A name for messages and reports.</param>
        public static LoaderBatches FromBatches(
            IEnumerable<Batch> batches, (long Samples, long Batches)? size = null, long seed = 1, string name = "batches")
        {
            ArgumentNullException.ThrowIfNull(batches);
            return new(name, () => batches, size, seed);
        }
    }
}
