/** A person is found by the whole address or id. */
export const SearchForm = ({ saleId, asked = "" }: { saleId: string; asked?: string }) => (
  <form class="row-form" method="get" action={`/console/sales/${saleId}/account`}>
    <label class="grow">
      <span>E-mail or account id</span>
      <input type="search" name="q" value={asked} required maxLength={320} />
    </label>
    <button class="button quiet" type="submit">
      Search the queue
    </button>
  </form>
)
